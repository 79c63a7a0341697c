/** Images of the project's own, made of Debian's packages. */
import * as z from 'zod'
import { ImageName } from '../names.ts'
import { Image } from './image.ts'
import { method } from './method.ts'

export const imageBuildMethods = {
  'image.build': method({
    summary: "Build an image of Debian's packages and put it into the image folder",
    description:
      'Packages come from where the host gets its own (its sources of apt), and stay in the cache. "tiny" is a kernel, busybox ' +
      'and the guest agent on 60 MB: for trying things out. "debian" is a Debian with systemd, cloud-init, SSH and the guest ' +
      'agent, whose root file system grows with the disk. Both read a NoCloud seed at their first boot. One build runs at a ' +
      'time; a client that leaves ends its build.',
    params: z.strictObject({
      kind: z.enum(['tiny', 'debian']).describe('What to build'),
      name: ImageName.optional().describe("The image's name; the kind where not said"),
      suite: z
        .string()
        .regex(/^[a-z]{2,20}$/)
        .optional()
        .describe('Release of Debian, for the kind "debian", by its code name; that of the host where it is a Debian, else bookworm')
        .meta({ examples: ['bookworm'] }),
    }),
    result: Image,
    errors: ['IMAGE_NAME_TAKEN', 'IMAGE_BUILD_FAILED', 'IMAGE_INVALID', 'IMAGE_FOLDER_MISSING', 'NO_SPACE', 'PROGRAM_MISSING', 'HOST_IO', 'SERVICE_MANAGER_FAILED'],
    access: 'control',
    progress: true,
    command: { words: ['image', 'build'], args: ['kind'] },
  }),
}
