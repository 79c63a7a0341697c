/** PURE: the unit of a VM, as if written by hand. systemd.service(5), systemd.exec(5) and systemd.resource-control(5). */
import { createHash } from 'node:crypto'
import type { VmId } from '../../../policy/names.ts'
import type { Service } from '../manager.ts'
import { quoteArgument, quoteBindPath, quoteText } from './quote.ts'
import { sandboxSettings, UNSHARE } from './sandbox.ts'

/** What the unit needs to know of the daemon's installation. */
export interface UnitContext {
  readonly isolated: boolean
  /** $XDG_RUNTIME_DIR of the user manager. */
  readonly userRuntime: string
  /** Runs the small programs that a unit calls. */
  readonly node: string
  /** Asks the guest to power down: `powerdown SOCKET SECONDS`. */
  readonly powerdown: string
  /** Has the links made that a VM or a VPN needs: `taps HELPER_SOCKET RECORD`. */
  readonly taps: string
  readonly helperSocket: string
}

/** As long as a guest may take, as `vm.stop` has it where not said. */
const GUEST_SECONDS = 60

export function unitName(id: VmId): string {
  return `aetherscale-vm-${id}.service`
}

/** The id in a unit's name; `undefined` for another unit. */
export function idOfUnit(name: string): VmId | undefined {
  return /^aetherscale-vm-([a-z]{8})\.service$/.exec(name)?.[1] as VmId | undefined
}

export function tapsUnitName(id: VmId): string {
  return `aetherscale-taps-${id}.service`
}

/** What the unit runs. */
export function commandOf(service: Service, context: UnitContext): string[] {
  return [...programOf(service, context), ...service.argv]
}

function programOf({ program }: Service, { isolated }: UnitContext): string[] {
  return [...(isolated ? UNSHARE : []), program]
}

/** The text of the unit. Its first lines tell whether somebody has changed it since ({@link isAsGenerated}). */
export function renderUnit(service: Service, context: UnitContext): string {
  const { id, name, limits } = service
  const title = name === undefined ? `VM ${id}` : `VM ${name} (${id})`
  const body = `
[Unit]
Description=aetherscale: ${quoteText(title)}
Documentation=man:qemu-system-x86_64(1)
# A VM that cannot be started is tried again for as long as it takes.
StartLimitIntervalSec=0
${service.taps.length > 0 ? `# Its taps are gone after a boot of the host. The sandbox below lets nothing reach the network helper, not even from
# ExecStartPre=.\nWants=${tapsUnitName(id)}\nAfter=${tapsUnitName(id)}\n` : ''}
[Service]
Type=exec
ExecStart=${commandLine(programOf(service, context), service.argv)}
# At the host's shutdown, and by systemctl stop, the guest is asked first, as by vm.stop: then come SIGTERM and SIGKILL.
ExecStop=/bin/sh -c '[ -z "$$MAINPID" ] || exec "$$@"' sh ${oneLine([context.node, context.powerdown, service.shutdownSocket, String(GUEST_SECONDS)])}
KillMode=control-group
TimeoutStopSec=${GUEST_SECONDS + 10}
StandardInput=null
StandardOutput=append:${quoteText(service.logFile)}
StandardError=inherit
Restart=${service.restart}
RestartSec=2
UMask=0077
${runtimeDirectory(service.files.runtimeFolder, context.userRuntime)}
CPUQuota=${limits.cpuPercent}%
MemoryMax=${limits.memoryMiB}M
TasksMax=${limits.tasks}
${context.isolated ? sandbox(service, context).join('\n') : '# This host cannot keep QEMU apart: aetherscale doctor says why.'}

[Install]
WantedBy=default.target

[X-Aetherscale]
Record=${service.record.replaceAll('\n', ' ')}
`
  return header(unitName(id), 'the VM is started', body) + body
}

/** The unit that has the taps of a VM made, whether a daemon runs or not. */
export function renderTapsUnit({ id, record, taps }: Pick<Service, 'id' | 'record' | 'taps'>, context: UnitContext): string {
  return renderLinksUnit({ name: tapsUnitName(id), title: `taps of VM ${id}`, record, links: taps }, context)
}

export interface LinksUnit {
  /** Of the unit. */
  readonly name: string
  readonly title: string
  /** The path of vm.json or vpn.json. */
  readonly record: string
  readonly links: readonly string[]
}

/** A unit that has links of the host made, where any of them is missing. */
export function renderLinksUnit({ name, title, record, links }: LinksUnit, { node, taps, helperSocket }: Pick<UnitContext, 'node' | 'taps' | 'helperSocket'>): string {
  const body = `
[Unit]
Description=aetherscale: ${title}
StartLimitIntervalSec=0
# Where any of them is missing.
${links.map((link) => `ConditionPathExists=|!/sys/class/net/${quoteText(link)}`).join('\n')}

[Service]
Type=oneshot
ExecStart=${oneLine([node, taps, helperSocket, record])}
# The helper may come up later than this, after a boot of the host.
TimeoutStartSec=90
NoNewPrivileges=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
`
  return header(name, 'it is needed', body) + body
}

/** The first lines of a unit; `when` says when it is written anew. */
export function header(name: string, when: string, body: string): string {
  return `# Written by aetherscaled, and written anew when ${when}, as long as nobody has changed it. What you want otherwise is
# best put beside it: systemctl --user edit ${name} (${digest(body)})
`
}

/** Whether the text is as {@link renderUnit} wrote it, of whatever version and VM. */
export function isAsGenerated(text: string): boolean {
  const [, claimed, body = ''] = /^# [^\n]*\n# [^\n]* \(([0-9a-f]{16})\)\n([^]*)$/.exec(text) ?? []
  return claimed === digest(body)
}

export function isIsolated(text: string): boolean {
  return /^TemporaryFileSystem=\/:ro$/m.test(text)
}

/** The path of vm.json that the unit belongs to. */
export function recordOf(text: string): string | undefined {
  return /^Record=(.*)$/m.exec(text)?.[1]
}

function digest(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 16)
}

/** An option and its value a line. */
function commandLine(program: readonly string[], argv: readonly string[]): string {
  const words = argv.map(quoteArgument)
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last === undefined || word.startsWith('-') || !/^-\S+$/.test(last)) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return [oneLine(program), ...lines].join(' \\\n  ')
}

/** Words of a command line of systemd.service(5). */
export function oneLine(words: readonly string[]): string {
  return words.map(quoteArgument).join(' ')
}

/** What is below $XDG_RUNTIME_DIR goes with the last session, or with the boot. */
export function runtimeDirectory(folder: string, userRuntime: string): string {
  const below = `${userRuntime}/`
  if (!folder.startsWith(below)) return `# ${quoteText(folder)} is there at all times.`
  return `RuntimeDirectory=${quoteBindPath(folder.slice(below.length))}\nRuntimeDirectoryMode=0700`
}

function sandbox(service: Service, { node, powerdown }: UnitContext): string[] {
  // What ExecStop= runs has to be in there as well.
  const programs = [node, powerdown].filter((path) => !path.startsWith('/usr/'))
  const files = { ...service.files, read: [...service.files.read, ...programs] }
  return sandboxSettings({ ...service, files })
}
