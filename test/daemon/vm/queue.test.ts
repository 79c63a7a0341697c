import t from 'tap'
import { createQueues } from '../../../daemon/vm/queue.ts'

t.test('tasks of one key run one at a time, in the order in which they came', async (t) => {
  const queues = createQueues<string>()
  const seen: string[] = []
  let running = 0
  const task = (name: string) => async () => {
    running += 1
    t.equal(running, 1, `${name} runs alone`)
    seen.push(name)
    await new Promise((resolve) => setImmediate(resolve))
    running -= 1
    return name
  }
  const answers = await Promise.all(['a', 'b', 'c', 'd'].map((name) => queues.run('vm', task(name))))
  t.same(seen, ['a', 'b', 'c', 'd'])
  t.same(answers, ['a', 'b', 'c', 'd'])
})

t.test('a task that fails tells its caller and lets the next one run', async (t) => {
  const queues = createQueues<string>()
  const failing = queues.run('vm', () => Promise.reject(new Error('no')))
  const next = queues.run('vm', () => Promise.resolve('yes'))
  await t.rejects(failing, { message: 'no' })
  t.equal(await next, 'yes')
})

t.test('different keys do not wait for each other', async (t) => {
  const queues = createQueues<string>()
  let release = (): void => undefined
  const held = queues.run('one', () => new Promise<void>((resolve) => (release = resolve)))
  t.equal(await queues.run('two', () => Promise.resolve('done')), 'done')
  release()
  await held
})

t.test('idle resolves when all tasks are over, also those given meanwhile', async (t) => {
  const queues = createQueues<string>()
  const seen: string[] = []
  const first = queues.run('vm', () => {
    void queues.run('other', () => Promise.resolve(seen.push('late')))
    return Promise.resolve()
  })
  await queues.idle()
  await first
  t.same(seen, ['late'])
})
