/**
 * THE table of public methods. Dispatch, command line, help, completion, the OpenRPC document and the reference page are
 * all derived from it: a new method is one entry here and one handler in the daemon.
 */
import type * as z from 'zod'
import type { ErrorName } from '../errors.ts'
import { diskMethods } from './disk.ts'
import { eventMethods } from './events.ts'
import { firstBootMethods } from './first-boot.ts'
import { guestMethods } from './guest.ts'
import { imageBuildMethods } from './image-build.ts'
import { imageMethods } from './image.ts'
import { networkMethods } from './network.ts'
import { statsMethods } from './stats.ts'
import { systemMethods } from './system.ts'
import { vmMethods } from './vm.ts'
import { vpnMethods } from './vpn.ts'

export const methods = { ...vmMethods, ...statsMethods, ...firstBootMethods, ...guestMethods, ...diskMethods, ...imageMethods, ...imageBuildMethods, ...networkMethods, ...vpnMethods, ...eventMethods, ...systemMethods }

export type MethodName = keyof typeof methods
/** What a handler receives: checked, defaults filled in. */
export type Params<M extends MethodName> = z.output<(typeof methods)[M]['params']>
/** What a caller may send: fields with a default are optional, brands are earned by the check. */
export type ParamsInput<M extends MethodName> = Unbranded<z.input<(typeof methods)[M]['params']>>
export type Result<M extends MethodName> = z.output<(typeof methods)[M]['result']>

/** Errors that any request can meet. */
export const everyMethod = ['PARSE_ERROR', 'INVALID_REQUEST', 'METHOD_NOT_FOUND', 'INVALID_PARAMS', 'INTERNAL', 'ACCESS_DENIED', 'LINE_TOO_LONG', 'BATCH_TOO_LARGE', 'SHUTTING_DOWN'] as const satisfies readonly ErrorName[]

type Unbranded<T> = T extends string & z.$brand
  ? string
  : T extends readonly (infer Item)[]
    ? Unbranded<Item>[]
    : T extends object
      ? { [Key in keyof T]: Unbranded<T[Key]> }
      : T
