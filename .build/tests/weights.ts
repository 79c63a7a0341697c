/**
 * What test files take of a machine, so that two that fill it do not run beside each other and the longest begin first.
 * Estimates, of CPU times on two cores without KVM; where an image, a package or a box is made for the first time, that is
 * not counted.
 */

export interface Weight {
  /** How long it takes. Says only what begins first. */
  readonly seconds: number
  /** How many cores it keeps busy, on average: the sum of those that run at a time is at most what the machine has. */
  readonly cores: number
}

/** A file that is not in the table. */
const USUAL: Weight = { seconds: 10, cores: 1 }

const WEIGHTS: Readonly<Record<string, Weight>> = {
  'test/system/vpn.test.ts': { seconds: 115, cores: 0.8 },
  'test/system/debian-first-boot.test.ts': { seconds: 170, cores: 1.4 },
  'test/system/kill-rounds.test.ts': { seconds: 110, cores: 0.6 },
  'test/helper/hostile.test.ts': { seconds: 39, cores: 0.6 },
  'test/daemon/vpn/tinc/tincd.test.ts': { seconds: 47, cores: 0.15 },
  'test/system/vpn-by-broker.test.ts': { seconds: 60, cores: 0.8 },
  'test/system/setup-bridge.test.ts': { seconds: 70, cores: 0.2 },
  'test/system/package-installed.test.ts': { seconds: 54, cores: 1 },
  'test/system/units.test.ts': { seconds: 65, cores: 0.8 },
  'test/system/vm-lifecycle.test.ts': { seconds: 54, cores: 0.7 },
  'test/system/guest.test.ts': { seconds: 45, cores: 0.5 },
  'test/system/first-boot.test.ts': { seconds: 38, cores: 0.8 },
  'test/system/crash.test.ts': { seconds: 31, cores: 0.7 },
  'test/system/vpn-kill.test.ts': { seconds: 18, cores: 0.4 },
  'test/system/http.test.ts': { seconds: 45, cores: 0.6 },
  'test/system/setup.test.ts': { seconds: 44, cores: 0.9 },
  'test/system/private-network.test.ts': { seconds: 31, cores: 0.7 },
  'test/system/principals.test.ts': { seconds: 29, cores: 0.8 },
  'test/helper/faults.test.ts': { seconds: 65, cores: 0.85 },
  'test/system/host.test.ts': { seconds: 24, cores: 0.9 },
  'test/system/tiny-image.test.ts': { seconds: 40, cores: 0.75 },
  'test/system/package.test.ts': { seconds: 50, cores: 0.6 },
  'test/system/disks.test.ts': { seconds: 28, cores: 0.9 },
  'test/system/disk-full.test.ts': { seconds: 35, cores: 0.6 },
  'test/system/terminal.test.ts': { seconds: 25, cores: 0.5 },
  'test/system/screen.test.ts': { seconds: 25, cores: 0.4 },
  'test/system/broker-once.test.ts': { seconds: 43, cores: 1 },
  'test/system/broker.test.ts': { seconds: 22, cores: 0.4 },
  'test/tui/broker/blocked.test.ts': { seconds: 8, cores: 0.6 },
  'test/tui/broker/connection.test.ts': { seconds: 30, cores: 0.5 },
  'test/tui/broker/relay-edges.test.ts': { seconds: 40, cores: 0.4 },
  'test/tui/broker/outbox.test.ts': { seconds: 6, cores: 0.6 },
  'test/tui/broker/permissions.test.ts': { seconds: 25, cores: 0.5 },
  'test/tui/broker/admin.test.ts': { seconds: 25, cores: 0.5 },
  'test/tui/broker/relay.test.ts': { seconds: 25, cores: 0.4 },
  'test/system/broker-forged.test.ts': { seconds: 12, cores: 0.5 },
  'test/system/broker-answers.test.ts': { seconds: 9, cores: 0.5 },
  'test/system/image-build.test.ts': { seconds: 30, cores: 0.6 },
  'test/system/isolation.test.ts': { seconds: 32, cores: 0.6 },
  'test/system/disk-kill.test.ts': { seconds: 20, cores: 0.6 },
  'test/system/tiny-build.test.ts': { seconds: 27, cores: 0.65 },
  'test/system/cluster.test.ts': { seconds: 30, cores: 0.5 },
  'test/tui/cluster/commands.test.ts': { seconds: 20, cores: 0.6 },
  'test/tui/cluster/hosts.test.ts': { seconds: 15, cores: 0.5 },
  'test/tui/cluster/vpn.test.ts': { seconds: 40, cores: 0.5 },
  'test/system/image-pull.test.ts': { seconds: 21, cores: 0.4 },
  'test/system/stats.test.ts': { seconds: 30, cores: 0.3 },
  'test/system/doctor.test.ts': { seconds: 35, cores: 0.4 },
  'test/system/helper-box.test.ts': { seconds: 25, cores: 0.3 },
  'test/system/demo.test.ts': { seconds: 16, cores: 0.4 },
  'test/system/bad-input.test.ts': { seconds: 13, cores: 0.5 },
  'test/helper/ensure.test.ts': { seconds: 13, cores: 0.6 },
  'test/daemon/image/pull/hostile.test.ts': { seconds: 12, cores: 0.5 },
  'test/check/run-file.test.ts': { seconds: 8, cores: 0.3 },
  'test/system/openapi.test.ts': { seconds: 14, cores: 0.7 },
  'test/system/http-unit.test.ts': { seconds: 30, cores: 0.4 },
  'test/tui/http/renew.test.ts': { seconds: 11, cores: 0.4 },
  'test/tui/app/flicker.test.ts': { seconds: 6, cores: 0.5 },
  'test/daemon/guest/exec.test.ts': { seconds: 6, cores: 0.3 },
  'test/helper/spoofing.test.ts': { seconds: 6, cores: 0.3 },
}

export const weigh = (file: string): Weight => WEIGHTS[file] ?? USUAL

export const weighed = (): readonly string[] => Object.keys(WEIGHTS)
