/** PURE: what making a VM would do, before it is done. */
import { formatQuantity } from '../../../cli/quantity.ts'
import type { PlanView } from '../../model/views.ts'
import type { Line } from '../../text/line.ts'
import { wrap } from '../../text/wrap.ts'
import { drawPlan } from '../vm/plan.ts'

export function planLines({ params, plan }: PlanView, width: number): Line[] {
  return [...wrap(summarize(params), width).map((text) => [{ text }]), [], ...drawPlan(plan, width)]
}

/** Nothing else on this screen says that nothing is done yet. */
function summarize({ name, image, vcpus = 1, memoryMiB }: PlanView['params']): string {
  const size = [`${vcpus} ${vcpus === 1 ? 'CPU' : 'CPUs'}`, ...(memoryMiB === undefined ? [] : [formatQuantity(memoryMiB, 'MiB')])]
  return `Nothing is done yet. Enter makes ${name ?? 'a VM'} of ${image} with ${size.join(' and ')}, and starts it:`
}
