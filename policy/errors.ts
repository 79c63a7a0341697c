/**
 * The one table of errors that a caller can meet. A code is never reused for another meaning; a name is what scripts
 * compare. The message of an error says what happened and why, its hint what to do.
 */

import { privilegedCodes } from './privileged/errors.ts'

/** What an error means for a script: the exit status of `aetherscale`. */
export const exitStatus = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  denied: 4,
  notFound: 5,
  conflict: 6,
  timeout: 7,
} as const
export type ExitStatus = keyof typeof exitStatus

interface ErrorEntry {
  /** JSON-RPC error code: -32768 to -32000 as the specification reserves them, ours from 1000 up. */
  readonly code: number
  readonly exit: ExitStatus
  readonly summary: string
}

export const errorTable = {
  PARSE_ERROR: { code: privilegedCodes.PARSE_ERROR, exit: 'usage', summary: 'The line is not one JSON text in UTF-8' },
  INVALID_REQUEST: { code: privilegedCodes.INVALID_REQUEST, exit: 'usage', summary: 'The JSON is not a JSON-RPC 2.0 request' },
  METHOD_NOT_FOUND: { code: privilegedCodes.METHOD_NOT_FOUND, exit: 'usage', summary: 'There is no such method' },
  INVALID_PARAMS: { code: privilegedCodes.INVALID_PARAMS, exit: 'usage', summary: 'The params do not fit the method; `field` says which' },
  INTERNAL: { code: privilegedCodes.INTERNAL, exit: 'failed', summary: 'A defect of the daemon; its log has the details under `ref`' },

  ACCESS_DENIED: { code: -32001, exit: 'denied', summary: 'The method changes things and this socket only observes' },
  LINE_TOO_LONG: { code: -32002, exit: 'usage', summary: 'A line is over the limit; the connection is closed' },
  BATCH_TOO_LARGE: { code: -32003, exit: 'usage', summary: 'A batch holds more requests than are taken at once' },
  SLOW_READER: { code: -32004, exit: 'failed', summary: 'The client did not read what was sent; disconnected' },
  SHUTTING_DOWN: { code: -32005, exit: 'unreachable', summary: 'The daemon is stopping and takes no more work' },

  VM_NOT_FOUND: { code: 1001, exit: 'notFound', summary: 'No VM has this id or name' },
  VM_NAME_TAKEN: { code: 1002, exit: 'conflict', summary: 'Another VM has this name' },
  VM_NOT_RUNNING: { code: 1003, exit: 'conflict', summary: 'The VM has to run for this and does not' },
  VM_START_FAILED: { code: 1004, exit: 'failed', summary: 'QEMU did not come up; the message has its last words' },
  VM_WAIT_TIMEOUT: { code: 1005, exit: 'timeout', summary: 'The VM did not reach the state in the time given' },
  VM_DISK_MISSING: { code: 1006, exit: 'failed', summary: 'The disk of the VM is not where its record says' },
  VM_DISK_TOO_SMALL: { code: 1007, exit: 'usage', summary: 'The disk asked for is smaller than the image' },
  VM_STOP_FAILED: { code: 1008, exit: 'failed', summary: 'The VM outlived every rung of the stop ladder' },
  VM_UNIT_INVALID: { code: 1010, exit: 'failed', summary: 'The unit of the VM was changed by hand and systemd cannot use it' },
  VM_RECORD_BROKEN: { code: 1009, exit: 'failed', summary: 'vm.json of the VM cannot be read or written by another version' },
  VM_RUNNING: { code: 1011, exit: 'conflict', summary: 'The VM has to be stopped for this and is not' },
  VM_QEMU_FAILED: { code: 1012, exit: 'failed', summary: 'QEMU refused what was asked of it, or did not answer' },
  VM_DISK_SHRINK: { code: 1013, exit: 'usage', summary: 'A disk only grows' },
  VM_DISK_UNSAFE: { code: 1014, exit: 'denied', summary: 'The disk of the VM names a data file: a guest that broke out may have written that' },
  SNAPSHOT_NAME_TAKEN: { code: 1015, exit: 'conflict', summary: 'The VM has a snapshot of this name' },
  SNAPSHOT_NOT_FOUND: { code: 1016, exit: 'notFound', summary: 'The VM has no snapshot of this name' },
  SNAPSHOT_IN_USE: { code: 1017, exit: 'conflict', summary: 'The snapshot is being exported' },
  VM_REQUEST_REUSED: { code: 1019, exit: 'conflict', summary: 'The requestId made a VM of other params, or is making one' },
  EXPORT_PATH_TAKEN: { code: 1018, exit: 'conflict', summary: 'There is something at the path to export to' },

  IMAGE_NOT_FOUND: { code: 1101, exit: 'notFound', summary: 'No base image has this name' },
  IMAGE_NAME_TAKEN: { code: 1102, exit: 'conflict', summary: 'Another base image has this name' },
  IMAGE_IN_USE: { code: 1103, exit: 'conflict', summary: 'VMs stand on this image' },
  IMAGE_INVALID: { code: 1104, exit: 'failed', summary: 'The file is not a sound qcow2 or raw disk' },
  IMAGE_UNSAFE: { code: 1105, exit: 'denied', summary: 'The image refers to a file outside the image folder' },
  IMAGE_FOLDER_MISSING: { code: 1106, exit: 'failed', summary: 'The image folder is not there' },
  IMAGE_SOURCE_UNREADABLE: { code: 1107, exit: 'failed', summary: 'The file to import cannot be read by the daemon' },
  IMAGE_PULL_FAILED: { code: 1108, exit: 'failed', summary: 'The server does not give the file, or not all of it' },
  IMAGE_PULL_BUSY: { code: 1109, exit: 'conflict', summary: 'This URL is being pulled, under another name' },
  IMAGE_URL_REFUSED: { code: 1110, exit: 'denied', summary: 'The URL, or one that the server refers to, is not one to follow' },
  IMAGE_DIGEST_MISSING: { code: 1111, exit: 'denied', summary: 'There is no digest to hold the file against' },
  IMAGE_DIGEST_WRONG: { code: 1112, exit: 'failed', summary: 'The file is not the one that the digest is of; it is removed' },
  IMAGE_TOO_LARGE: { code: 1113, exit: 'failed', summary: 'The file, or what it unpacks to, is over the limit' },
  IMAGE_NOT_IN_CATALOGUE: { code: 1114, exit: 'notFound', summary: 'The catalogue has no image of this name' },
  IMAGE_CATALOGUE_BROKEN: { code: 1115, exit: 'failed', summary: 'images.json of the configuration folder cannot be used' },
  IMAGE_RECORD_BROKEN: { code: 1116, exit: 'failed', summary: 'The record of the image cannot be read or was written by another version' },
  IMAGE_PULL_STOPPED: { code: 1117, exit: 'conflict', summary: 'Somebody has deleted the image while it was being pulled' },

  USER_DATA_INVALID: { code: 1140, exit: 'usage', summary: 'The user-data is no cloud-config' },
  FIRST_BOOT_FAILED: { code: 1141, exit: 'failed', summary: 'What the first boot is to do could not be given to the VM' },
  VM_INIT_NONE: { code: 1142, exit: 'conflict', summary: 'The VM was given nothing to do at its first boot' },
  VM_INIT_FAILED: { code: 1143, exit: 'failed', summary: 'What the first boot runs has failed' },
  IMAGE_BUILD_FAILED: { code: 1130, exit: 'failed', summary: 'A program that builds the image failed; the message has its last words' },

  NO_SPACE: { code: 1201, exit: 'failed', summary: 'The file system is full' },
  PROGRAM_MISSING: { code: 1202, exit: 'failed', summary: 'A program that this needs is not installed' },
  ACCEL_UNAVAILABLE: { code: 1203, exit: 'failed', summary: 'The accelerator demanded does not boot a guest here' },
  PORT_IN_USE: { code: 1204, exit: 'conflict', summary: 'A port to forward is taken on the host' },
  HOST_IO: { code: 1205, exit: 'failed', summary: 'The host refused a file operation' },
  SERVICE_MANAGER_FAILED: { code: 1207, exit: 'failed', summary: "The user's systemd does not answer, or refuses" },
  PATH_TOO_LONG: { code: 1206, exit: 'failed', summary: 'The path of a Unix socket would exceed 107 bytes' },

  NET_DENIED: { code: privilegedCodes.NET_DENIED, exit: 'denied', summary: "The allowlist of the host's network does not permit it; the hint names the line that would" },
  NET_QUOTA: { code: privilegedCodes.NET_QUOTA, exit: 'denied', summary: 'The allowlist grants no more taps or bridges' },
  NET_NOT_FOUND: { code: privilegedCodes.NET_NOT_FOUND, exit: 'notFound', summary: 'A bridge that this needs is not on the host' },
  NET_IN_USE: { code: privilegedCodes.NET_IN_USE, exit: 'conflict', summary: 'Taps are attached to the bridge' },
  NET_FAILED: { code: privilegedCodes.NET_FAILED, exit: 'failed', summary: 'The host refused the change of its network; what was half made is removed' },
  NET_UNREACHABLE: { code: 1306, exit: 'failed', summary: "The helper that changes the host's network does not answer" },

  NETWORK_NOT_FOUND: { code: 1401, exit: 'notFound', summary: 'No private network has this name' },
  NETWORK_NAME_TAKEN: { code: 1402, exit: 'conflict', summary: 'A private network with this name is there, with another prefix' },
  NETWORK_IN_USE: { code: 1403, exit: 'conflict', summary: 'VMs have an interface on this network' },
  NETWORK_RECORD_BROKEN: { code: 1404, exit: 'failed', summary: 'The record of the network cannot be read or written by another version' },

  VPN_NOT_FOUND: { code: 1701, exit: 'notFound', summary: 'No VPN has this name' },
  VPN_NAME_TAKEN: { code: 1702, exit: 'conflict', summary: 'A VPN or a private network of this name is there, and is another one' },
  VPN_IN_USE: { code: 1703, exit: 'conflict', summary: 'VMs have an interface on this VPN' },
  VPN_RECORD_BROKEN: { code: 1704, exit: 'failed', summary: 'The record of the VPN cannot be read or was written by another version' },
  VPN_PORTS_EXHAUSTED: { code: 1705, exit: 'conflict', summary: 'No port is free for another VPN on this host' },
  VPN_TUNNEL_FAILED: { code: 1706, exit: 'failed', summary: 'tincd does not come up, or does not stay; the message has its last words' },
  VPN_TOKEN_INVALID: { code: 1707, exit: 'usage', summary: 'The text is no token of a VPN, or it was cut or altered' },
  VPN_TOKEN_REFUSED: { code: 1708, exit: 'denied', summary: 'The token is not for this, has expired, or was not made by somebody who was invited' },
  VPN_PEER_CONFLICT: { code: 1709, exit: 'conflict', summary: 'A host of this name is in the VPN, with another key' },
  VPN_PEER_NOT_FOUND: { code: 1710, exit: 'notFound', summary: 'The VPN has no host of this name' },
  VPN_PREFIX_REFUSED: { code: 1711, exit: 'denied', summary: 'There is no prefix for the VPN in what the allowlist grants' },

  SETUP_NEEDS_ROOT: { code: 1501, exit: 'denied', summary: 'Setting up a host needs root' },
  SETUP_UNCONFIRMED: { code: 1502, exit: 'denied', summary: 'Nobody has agreed to what setup would do' },
  SETUP_CONFLICT: { code: 1503, exit: 'conflict', summary: 'Something of the host is in the way of setup, and is not its to change' },
  SETUP_STEP_FAILED: { code: 1504, exit: 'failed', summary: 'A step of setup failed; the message says which, the hint how to go on or back' },
  SETUP_NOT_INSTALLED: { code: 1505, exit: 'failed', summary: 'Files of the package are missing, or others than root could change them' },
  SETUP_USER_NOT_FOUND: { code: 1506, exit: 'notFound', summary: 'No account has this name' },
  SETUP_ONLY_ROUTE: { code: 1507, exit: 'conflict', summary: 'The uplink carries the only default route of the host, and --yes was not given' },

  GUEST_AGENT_ABSENT: { code: 1601, exit: 'conflict', summary: 'No guest agent runs in the VM, or not yet' },
  GUEST_AGENT_TIMEOUT: { code: 1602, exit: 'timeout', summary: 'The guest agent is there and did not answer in time' },
  GUEST_AGENT_REFUSES: { code: 1603, exit: 'denied', summary: "The guest agent's own configuration forbids what this needs; the message names it" },
  GUEST_AGENT_FAILED: { code: 1604, exit: 'failed', summary: 'The guest agent could not do what it was asked; the message has its words' },
  GUEST_NONSENSE: { code: 1605, exit: 'failed', summary: 'The guest answered what is no answer' },
  GUEST_LOST: { code: 1606, exit: 'failed', summary: 'The VM, or its agent, ended in the midst; what was begun may have been done' },
  GUEST_EXEC_FAILED: { code: 1607, exit: 'failed', summary: 'The command could not be started in the guest' },
  GUEST_EXEC_TIMEOUT: { code: 1608, exit: 'timeout', summary: 'The command did not end in the time given, and was killed; the message has its last words' },
  GUEST_EXEC_ABANDONED: { code: 1609, exit: 'failed', summary: 'Who asked for the command has gone; it was killed' },
  GUEST_FILE_NOT_FOUND: { code: 1610, exit: 'notFound', summary: 'The guest has no such file, or no folder for it' },
  GUEST_FILE_FAILED: { code: 1611, exit: 'failed', summary: "The guest's file system refused: no permission, no space, a folder" },
  GUEST_COPY_NOT_FOUND: { code: 1612, exit: 'notFound', summary: 'There is no such copy under way: it ended, was given up, or the daemon began anew' },
  GUEST_COPY_TOO_LARGE: { code: 1613, exit: 'usage', summary: 'The file is larger than what is copied into a guest' },
  GUEST_COPY_BUSY: { code: 1614, exit: 'conflict', summary: 'Too many copies are under way' },
  GUEST_FROZEN: { code: 1615, exit: 'conflict', summary: 'The guest holds its file systems still, for a snapshot or a backup' },

  BROKER_CONFIG_BROKEN: { code: 1801, exit: 'failed', summary: 'broker.json, or a file that it names, cannot be used' },
  BROKER_HOST_TAKEN: { code: 1802, exit: 'conflict', summary: 'Another relay is on the broker under the name of this host' },
  BROKER_BUSY: { code: 1804, exit: 'failed', summary: 'Too many requests over the broker wait at the host' },
  BROKER_NO_HOST: { code: 1803, exit: 'failed', summary: 'No host made the VM within the time given; the message has what each said' },
} as const satisfies Record<string, ErrorEntry>

export type ErrorName = keyof typeof errorTable

/** What travels beside code and message. */
export interface ErrorData {
  readonly name: ErrorName
  /** The parameter that is wrong, as a path: `networks.0.forwards.1`. */
  readonly field?: string
  /** What the caller can do about it. */
  readonly hint?: string
  /** Key of the daemon's log line about it. */
  readonly ref?: string
}

/** An error that a caller can act on. Anything else that is thrown is a bug and becomes INTERNAL. */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly data: ErrorData

  constructor(name: ErrorName, message: string, more: { field?: string; hint?: string; cause?: unknown } = {}) {
    const { cause, ...data } = more
    super(message, cause === undefined ? undefined : { cause })
    this.data = { name, ...data }
  }

  get code(): number {
    return errorTable[this.data.name].code
  }
}
