/**
 * A program that holds a running server and a frozen one, and waits to be killed.
 *
 * @module
 */
import { childrenOf } from './process-tree.ts'
import { startPostgres } from './postgres.ts'

const servers = await Promise.all([startPostgres(), startPostgres()])
const processes = servers.flatMap((server) => [server.pid(), ...childrenOf(server.pid())])
servers[1].pause()
const folders = servers.map(({ dataFolder }) => dataFolder)
process.send?.({ processes, folders })
setInterval(() => {}, 60_000)
