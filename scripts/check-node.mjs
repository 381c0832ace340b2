// Stands in front of every script: if the pinned Node could not be installed, pnpm only warns and goes
// on with the system's Node, and the failures that follow look like defects of ours.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Stowage's scripts need Node >= 22.18; this is ${process.version}. The workspace brings its own Node: ` +
      'run them through pnpm (npx -y pnpm@12.21.0 test) and check that the installation above succeeded.',
  )
  process.exit(1)
}
