/**
 * What stands above each page.
 *
 * @module
 */
import { useEffect, type ReactNode } from 'react'
import { useTexts } from '../language/language.tsx'

/** Title, what the page is for, and what can be done on all of it. */
export function PageHead({
  title,
  lead,
  children,
}: {
  readonly title: string
  readonly lead?: string
  readonly children?: ReactNode
}): ReactNode {
  const { product } = useTexts()
  useEffect(() => {
    document.title = `${title} · ${product} · saoma`
  }, [title, product])
  return (
    <div className="page-head">
      <div>
        <h1>{title}</h1>
        {lead !== undefined && <div className="quiet">{lead}</div>}
      </div>
      {children}
    </div>
  )
}
