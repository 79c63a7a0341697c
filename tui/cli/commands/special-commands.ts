/** Commands that are more than one call and its answer; what runs them is in runners.ts, which is loaded when one is run. */
export const specialCommands = [
  'vm console',
  'vm copy-in',
  'vm copy-out',
  'vm exec',
  'vm log',
  'vm init-log',
  'vpn invite',
  'vpn join',
  'vpn accept',
  'events',
  'doctor',
  'rpc',
  'setup',
  'host list',
  'host key',
  'host trust',
  'host untrust',
  'broker',
  'http',
] as const

export type SpecialCommand = (typeof specialCommands)[number]
