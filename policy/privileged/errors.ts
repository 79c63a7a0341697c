/**
 * The part of the error table (policy/errors.ts) that the privileged helper answers with: those of JSON-RPC 2.0 (section
 * 5.1), and its own. Apart from the rest, so that the helper loads nothing else.
 */
export const privilegedErrors = {
  PARSE_ERROR: { code: -32700, exit: 'usage', summary: 'The line is not one JSON text in UTF-8' },
  INVALID_REQUEST: { code: -32600, exit: 'usage', summary: 'The JSON is not a JSON-RPC 2.0 request' },
  METHOD_NOT_FOUND: { code: -32601, exit: 'usage', summary: 'There is no such method' },
  INVALID_PARAMS: { code: -32602, exit: 'usage', summary: 'The params do not fit the method; `field` says which' },
  INTERNAL: { code: -32603, exit: 'failed', summary: 'A defect; the log has the details' },

  NET_DENIED: { code: 1301, exit: 'denied', summary: "The allowlist of the host's network does not permit it; the hint names the line that would" },
  NET_QUOTA: { code: 1302, exit: 'denied', summary: 'The allowlist grants no more taps or bridges' },
  NET_NOT_FOUND: { code: 1303, exit: 'notFound', summary: 'A bridge that this needs is not on the host' },
  NET_IN_USE: { code: 1304, exit: 'conflict', summary: 'Taps are attached to the bridge' },
  NET_FAILED: { code: 1305, exit: 'failed', summary: 'The host refused the change of its network; what was half made is removed' },
} as const
export type PrivilegedErrorName = keyof typeof privilegedErrors
