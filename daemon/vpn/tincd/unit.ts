/** PURE: the units of a VPN, as if written by hand. */
import { quoteText } from '../../service/systemd/quote.ts'
import { sandboxSettings } from '../../service/systemd/sandbox.ts'
import { header, oneLine, renderLinksUnit, runtimeDirectory, type UnitContext } from '../../service/systemd/unit.ts'
import { NOTICED_MS, tincdArgv, type Tunnel } from './manager.ts'

export function tincdUnitName(vpn: string): string {
  return `aetherscale-tincd-${vpn}.service`
}

export function tunnelUnitName(vpn: string): string {
  return `aetherscale-tunnel-${vpn}.service`
}

/** The tap, and the bridge that it is a port of. */
export function renderTunnelUnit({ name, paths, tap }: Tunnel, context: UnitContext): string {
  return renderLinksUnit({ name: tunnelUnitName(name), title: `the links of VPN ${name}`, record: paths.record, links: [tap] }, context)
}

/** `program` is the absolute path of tincd. */
export function renderTincdUnit({ name, paths, tap }: Tunnel, program: string, { isolated, userRuntime }: UnitContext): string {
  const files = { read: [paths.tinc], write: [], runtimeFolder: paths.runtimeFolder }
  const body = `
[Unit]
Description=aetherscale: VPN ${name}
Documentation=man:tincd(8) man:tinc.conf(5)
# One that cannot be started is tried again for as long as it takes.
StartLimitIntervalSec=0
# Its tap is gone after a boot of the host, and tincd ends when it is taken away.
Wants=${tunnelUnitName(name)}
After=${tunnelUnitName(name)}

[Service]
Type=exec
# One of a tincd that was killed may name a process of somebody else's by now.
ExecStartPre=${oneLine(['/usr/bin/rm', '-f', paths.pidFile])}
ExecStart=${oneLine([program, ...tincdArgv(paths)])}
ExecReload=/bin/kill -HUP $MAINPID
StandardInput=null
StandardOutput=append:${quoteText(paths.log)}
StandardError=inherit
Restart=always
RestartSec=2
# Where its peers have not noticed its end when it is back, it can take them half a minute to reach it.
ExecStopPost=/usr/bin/sleep ${NOTICED_MS / 1000}
TimeoutStopSec=10
UMask=0077
${runtimeDirectory(paths.runtimeFolder, userRuntime)}
MemoryMax=256M
TasksMax=16
${isolated ? sandboxSettings({ files, hasUserNetwork: true, taps: [tap] }).join('\n') : '# This host cannot keep it apart: aetherscale doctor says why.'}

[Install]
WantedBy=default.target

[X-Aetherscale]
Record=${paths.record.replaceAll('\n', ' ')}
`
  return header(tincdUnitName(name), 'the VPN is brought up', body) + body
}
