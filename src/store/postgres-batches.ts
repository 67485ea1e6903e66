/**
 * Many writers share one statement: what is written while others are under way is gathered, and
 * goes out together once a connection is free. So batches grow with the load, and a single write
 * waits for nobody.
 *
 * @module
 */

/** Batches under way at a time, of all kinds: more would not be quicker, only smaller. */
const UNDER_WAY_MAX = 3

/** Rows of one statement: some 10 ms of the server's time. */
const SIZE_MAX = 200

/** What one member of a batch gets. */
export type MemberResult<Result> = { readonly value: Result } | { readonly error: unknown }

/** Writes a batch, and says what became of each member; throws where nothing is known of any. */
export type WriteBatch<Item, Result> = (
  items: readonly Item[],
) => Promise<readonly MemberResult<Result>[]>

/** A kind of batches, as the gate sees it. */
interface BatchKind {
  readonly hasMore: () => boolean
  readonly run: () => Promise<void>
}

/** Where several kinds of batches wait for each other. */
export class BatchGate {
  readonly #kinds: BatchKind[] = []
  #underWay = 0
  #next = 0
  #isScheduled = false
  #whenOver: () => void = () => {}

  /** Adds a kind of batches. */
  add(kind: BatchKind): void {
    this.#kinds.push(kind)
  }

  /** Something waits: what comes in the same turn of the event loop goes along. */
  schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#start()
    })
  }

  /** Resolves once nothing waits and nothing is under way. */
  async drain(): Promise<void> {
    while (this.#underWay > 0 || this.#kinds.some((kind) => kind.hasMore())) {
      await new Promise<void>((resolve) => {
        this.#whenOver = resolve
      })
    }
  }

  #start(): void {
    while (this.#underWay < UNDER_WAY_MAX) {
      const kind = this.#turn()
      if (kind === undefined) return
      this.#underWay++
      void kind.run().finally(() => {
        this.#underWay--
        this.#start()
        this.#whenOver()
      })
    }
  }

  /** Each kind in its turn, so that none waits for another for ever. */
  #turn(): BatchKind | undefined {
    for (let count = 0; count < this.#kinds.length; count++) {
      const kind = this.#kinds[this.#next++ % this.#kinds.length]
      if (kind?.hasMore()) return kind
    }
    return undefined
  }
}

interface Waiting<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/** What a kind of batches goes by. */
export interface BatchesOptions<Item> {
  /** What may not be twice in a batch. */
  readonly keyOf: (item: Item) => string
  /** Sorts a batch, so that batches that meet wait for each other and not in a circle. */
  readonly orderOf: (item: Item) => string
}

/** One kind of batches. */
export class Batches<Item, Result> {
  readonly #gate: BatchGate
  readonly #options: BatchesOptions<Item>
  readonly #write: WriteBatch<Item, Result>
  #waiting: Waiting<Item, Result>[] = []

  constructor(gate: BatchGate, options: BatchesOptions<Item>, write: WriteBatch<Item, Result>) {
    this.#gate = gate
    this.#options = options
    this.#write = write
    gate.add({ hasMore: () => this.#waiting.length > 0, run: () => this.#run() })
  }

  /** Writes an item, with others. */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      this.#gate.schedule()
    })
  }

  async #run(): Promise<void> {
    const batch = this.#take()
    try {
      const results = await this.#write(batch.map(({ item }) => item))
      for (const [index, { resolve, reject }] of batch.entries()) {
        const result = results[index] ?? { error: new Error('A batch forgot one of its members') }
        if ('error' in result) reject(result.error)
        else resolve(result.value)
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  #take(): Waiting<Item, Result>[] {
    const { keyOf, orderOf } = this.#options
    const batch = new Map<string, Waiting<Item, Result>>()
    const left: Waiting<Item, Result>[] = []
    for (const waiting of this.#waiting) {
      const key = keyOf(waiting.item)
      if (batch.size >= SIZE_MAX || batch.has(key)) left.push(waiting)
      else batch.set(key, waiting)
    }
    this.#waiting = left
    return [...batch.values()]
      .map((waiting) => ({ waiting, order: orderOf(waiting.item) }))
      .sort((a, b) => (a.order < b.order ? -1 : 1))
      .map(({ waiting }) => waiting)
  }
}
