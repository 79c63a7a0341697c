/** Codes of the errors that the privileged helper answers with; policy/errors.ts, the one table, says what they mean. */
export const privilegedCodes = {
  PARSE_ERROR: -32700, INVALID_REQUEST: -32600, METHOD_NOT_FOUND: -32601, INVALID_PARAMS: -32602, INTERNAL: -32603,
  NET_DENIED: 1301, NET_QUOTA: 1302, NET_NOT_FOUND: 1303, NET_IN_USE: 1304, NET_FAILED: 1305,
} as const
export type PrivilegedErrorName = keyof typeof privilegedCodes
