export default {
  // It is not bundled: it has files and a native database of its own.
  serverExternalPackages: ['saoma'],
}
