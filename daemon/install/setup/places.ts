/** Where things are on a host: programs by their absolute paths, and the files of the package and of setup. */

export const PROGRAM_FOLDER = '/usr/lib/aetherscale'
export const ETC = '/etc/aetherscale'
export const MANIFEST = `${ETC}/setup.json`
export const RUNTIME = '/run/aetherscale'
export const HOME = '/var/lib/aetherscale'
export const OWNER = 'aetherscale'
export const OBSERVERS = 'aetherscale-observers'
export const HELPER_USERS = ['aetherscale-net', 'aetherscale-radvd'] as const
/** Not aetherscale.conf: a file of that name here would be read instead of the package's (tmpfiles.d(5)). */
export const TMPFILES = '/etc/tmpfiles.d/aetherscale-daemon.conf'
export const RADVD_PATH = 'aetherscale-radvd.path'
export const SYSTEM_UNITS = '/etc/systemd/system'
export const helperSocket = (uid: string): string => `aetherscale-net@${uid}.socket`

/** Without these there is nothing to set up. */
export const PACKAGE_FILES = [
  `${PROGRAM_FOLDER}/node`,
  `${PROGRAM_FOLDER}/aetherscaled.js`,
  `${PROGRAM_FOLDER}/aetherscale-net.js`,
  '/usr/lib/systemd/user/aetherscaled.service',
  '/usr/lib/systemd/system/aetherscale-net.service',
  '/usr/lib/systemd/system/aetherscale-net@.socket',
  `/usr/lib/systemd/system/${RADVD_PATH}`,
  '/usr/lib/sysusers.d/aetherscale.conf',
  '/usr/lib/tmpfiles.d/aetherscale.conf',
] as const

/** What setup calls. Nobody's PATH is asked. */
export const programs = {
  getent: '/usr/bin/getent',
  gpasswd: '/usr/bin/gpasswd',
  groupdel: '/usr/sbin/groupdel',
  install: '/usr/bin/install',
  ip: '/usr/sbin/ip',
  loginctl: '/usr/bin/loginctl',
  mv: '/usr/bin/mv',
  rm: '/usr/bin/rm',
  rmdir: '/usr/bin/rmdir',
  setpriv: '/usr/bin/setpriv',
  setsid: '/usr/bin/setsid',
  sh: '/bin/sh',
  systemctl: '/usr/bin/systemctl',
  systemdRun: '/usr/bin/systemd-run',
  sysctl: '/usr/lib/systemd/systemd-sysctl',
  sysusers: '/usr/bin/systemd-sysusers',
  tmpfiles: '/usr/bin/systemd-tmpfiles',
  userdel: '/usr/sbin/userdel',
} as const
