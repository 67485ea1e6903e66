/**
 * How Ant Design looks here: quiet surfaces, one blue, numbers that stand in columns.
 *
 * @module
 */
import { theme, type ThemeConfig } from 'antd'

/** The look by day or by night; still for whoever asked for that. */
export function lookOf(isDark: boolean): ThemeConfig {
  return {
    algorithm: isDark ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      motion: !matchMedia('(prefers-reduced-motion: reduce)').matches,
      colorPrimary: isDark ? '#3c89e8' : '#1668dc',
      colorInfo: isDark ? '#7ab8ff' : '#1668dc',
      // Text in these colours has to be readable on white.
      ...(!isDark && {
        colorSuccess: '#237804',
        colorSuccessBg: '#effaea',
        colorSuccessBorder: '#c8e9b8',
        colorWarningBg: '#fff6e8',
        colorWarningBorder: '#ffdfae',
        colorErrorBg: '#fff1f0',
        colorErrorBorder: '#ffc9c5',
        colorWarning: '#ad4e00',
        colorError: '#cf1322',
        colorTextTertiary: 'rgba(0,0,0,0.56)',
        colorTextPlaceholder: 'rgba(0,0,0,0.56)',
        colorTextDescription: 'rgba(0,0,0,0.6)',
      }),
      // And in these on near black: the algorithm darkens them by a sixth.
      ...(isDark && {
        colorError: '#ff7875',
        colorBgLayout: '#0e1116',
        colorBgContainer: '#161b22',
        colorBgElevated: '#1c2129',
        colorTextTertiary: 'rgba(255,255,255,0.62)',
        colorTextPlaceholder: 'rgba(255,255,255,0.58)',
        colorTextDescription: 'rgba(255,255,255,0.65)',
      }),
      ...(!isDark && { colorBgLayout: '#f5f7fa' }),
      borderRadius: 8,
      fontFamily:
        "-apple-system, BlinkMacSystemFont, 'Segoe UI', 'PingFang SC', 'HarmonyOS Sans SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif",
    },
    components: {
      // White is not to be read on a red that is light enough for text.
      Button: { ...(isDark && { dangerColor: '#1b0605' }) },
      Layout: {
        headerHeight: 56,
        headerPadding: '0 24px',
        siderBg: isDark ? '#161b22' : '#fff',
        headerBg: isDark ? '#161b22' : '#fff',
      },
      Menu: {
        itemHeight: 40,
        itemBorderRadius: 8,
        activeBarBorderWidth: 0,
        ...(isDark && { itemSelectedColor: '#8cc0ff' }),
      },
      Tabs: { ...(isDark && { itemSelectedColor: '#8cc0ff', itemHoverColor: '#8cc0ff' }) },
      Table: { headerBg: 'transparent', cellPaddingBlock: 12 },
      Card: { bodyPadding: 20 },
    },
  }
}
