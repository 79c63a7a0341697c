/** What the guest of a VM that runs can be asked, through its agent (qemu-ga). */
import * as z from 'zod'
import { VmRef } from '../names.ts'
import { method } from './method.ts'

/** Bytes of a file that one call carries: with base64's third on top they fit a line of the wire. */
export const CHUNK_LIMIT = 524_288
/** Bytes of a file that is copied into a guest. */
export const COPY_LIMIT = 1_073_741_824
/** Bytes of stdout, and as many of stderr: both in base64 fit a line of the wire. */
export const OUTPUT_LIMIT = 368_640
/** Bytes of a command line with its environment; the kernel of a guest takes 128 KiB a word (MAX_ARG_STRLEN, execve(2)). */
const COMMAND_LIMIT = 131_072
/** PATH_MAX with its NUL (limits.h of Linux). */
const PATH_LIMIT = 4095

const bytesOf = (text: string): number => new TextEncoder().encode(text).length
const fitsCommand = (words: readonly string[]): boolean => words.reduce((sum, word) => sum + bytesOf(word) + 1, 0) <= COMMAND_LIMIT

/** A word of execve(2): any text without NUL. */
const Word = z.string().max(COMMAND_LIMIT).regex(/^[^\0]*$/, 'a NUL character, which no word of a command can hold')

/** In linear time: what may be a chunk long is no matter for a pattern that backtracks. */
const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)

const Chunk = z
  .string()
  .max(Math.ceil(CHUNK_LIMIT / 3) * 4)
  .refine((text) => isBase64(text), 'not base64')
  .refine((text) => text.length === 0 || (text.length / 4) * 3 - (/=*$/.exec(text)?.[0].length ?? 0) <= CHUNK_LIMIT, `more than ${CHUNK_LIMIT} bytes`)

const GuestPath = z
  .string()
  .max(PATH_LIMIT)
  .regex(/^\/[^\0]*$/, 'not absolute')
  .refine((path) => bytesOf(path) <= PATH_LIMIT, `more than ${PATH_LIMIT} bytes`)
  .refine((path) => !/(^|\/)\.{0,2}$/.test(path), 'the name of a folder, not of a file')
  .meta({ id: 'GuestPath', description: 'Absolute path of a file in the guest', examples: ['/etc/motd'] })

const Encoding = z.enum(['text', 'base64'])

/** What any question to a guest can meet. */
const asked = ['VM_NOT_FOUND', 'VM_RECORD_BROKEN', 'VM_NOT_RUNNING', 'GUEST_AGENT_ABSENT', 'GUEST_AGENT_TIMEOUT', 'GUEST_AGENT_REFUSES', 'GUEST_AGENT_FAILED', 'GUEST_FROZEN', 'GUEST_NONSENSE', 'GUEST_LOST'] as const

export const guestMethods = {
  'vm.exec': method({
    summary: 'Run a command in the guest, as the user of its agent (root), and wait for its end',
    description:
      'No shell reads the command: for one, run `sh -c`. The command ends when its stdout and stderr are closed as well, so ' +
      'what is left in the background sends them elsewhere. After `timeoutSeconds`, or when the connection that asked is ' +
      'gone, it is killed with the processes that it started. A daemon that stops leaves it running.',
    params: z.strictObject({
      vm: VmRef,
      command: z
        .array(Word)
        .min(1)
        .max(256)
        .refine(([program]) => program !== '', 'the program has no name')
        .refine(fitsCommand, `more than ${COMMAND_LIMIT} bytes`)
        .describe('The program, by its path or as PATH has it, and its arguments')
        .meta({ logged: 'first' }),
      stdin: z
        .string()
        .max(Math.ceil(CHUNK_LIMIT / 3) * 4)
        .optional()
        .describe(`Read by the command, as \`encoding\` says; at most ${CHUNK_LIMIT} bytes`)
        .meta({ logged: 'size' }),
      encoding: Encoding.default('text').describe(
        'Of stdin, stdout and stderr: text, UTF-8, in which bytes of the guest that are none show as U+FFFD; base64, to the byte',
      ),
      env: z
        .array(Word.regex(/^[A-Za-z_][A-Za-z0-9_]*=/, 'not NAME=VALUE'))
        .max(256)
        .refine(fitsCommand, `more than ${COMMAND_LIMIT} bytes`)
        .optional()
        .describe("NAME=VALUE, one each: the whole environment of the command, but for PATH; the agent's own where not said")
        .meta({ logged: 'size' }),
      timeoutSeconds: z.int().min(1).max(86_400).default(30).describe('After this long the command is killed: GUEST_EXEC_TIMEOUT').meta({ unit: 's' }),
      outputLimitBytes: z.int().min(0).max(OUTPUT_LIMIT).default(OUTPUT_LIMIT).describe('Most of stdout to answer, and of stderr; the rest is lost').meta({ unit: 'bytes' }),
    }),
    result: z.object({
      exitCode: z.int().optional().describe('With which the command ended'),
      signal: z.int().optional().describe('Number of the signal that ended it instead'),
      stdout: z.string(),
      stderr: z.string(),
      stdoutTruncated: z.boolean().describe('Whether there was more of it'),
      stderrTruncated: z.boolean(),
    }),
    errors: [...asked, 'GUEST_EXEC_FAILED', 'GUEST_EXEC_TIMEOUT', 'GUEST_EXEC_ABANDONED'],
    access: 'control',
    command: { words: ['vm', 'exec'], args: ['vm', 'command'], omits: ['stdin', 'encoding', 'env'] },
  }),
  'vm.copy-in': method({
    summary: 'Write a file in the guest, piece by piece; it is there when it is whole, or not at all',
    description:
      `A file of up to ${CHUNK_LIMIT} bytes takes one call, with \`isLast\`; a larger one several, in order, each after the first ` +
      'with the `copy` that the first was answered, and `offset` where the one before ended. Until the last they are kept in a ' +
      'hidden file beside, which none but root may read; it is removed when a call fails, when 5 minutes pass without one, or ' +
      'by `abandon`. A file that has the name is replaced. The guest needs a POSIX shell. ' +
      `A file has at most ${COPY_LIMIT} bytes.`,
    params: z.strictObject({
      vm: VmRef,
      path: GuestPath,
      data: Chunk.default('').describe(`The piece in base64; at most ${CHUNK_LIMIT} bytes`).meta({ logged: 'size' }),
      offset: z.int().min(0).max(COPY_LIMIT).default(0).describe('Bytes of the file before this piece'),
      isLast: z.boolean().default(false).describe('Puts the file into its place'),
      copy: z.string().regex(/^[0-9a-f]{16}$/).optional().describe("Which copy the piece belongs to, as the first piece's answer tells"),
      mode: z.string().regex(/^[0-7]{3,4}$/).default('644').describe('Permissions of the file in octal digits; taken from the last call'),
      abandon: z.boolean().default(false).describe('Removes what is there of `copy`, and writes nothing'),
    }),
    result: z.object({
      nextOffset: z.int().describe('Bytes written so far'),
      copy: z.string().optional().describe('What the next call has to name; absent when there is none'),
    }),
    errors: [...asked, 'GUEST_EXEC_FAILED', 'GUEST_FILE_NOT_FOUND', 'GUEST_FILE_FAILED', 'GUEST_COPY_NOT_FOUND', 'GUEST_COPY_TOO_LARGE', 'GUEST_COPY_BUSY'],
    access: 'control',
  }),
  'vm.copy-out': method({
    summary: 'Read a piece of a file in the guest',
    description: "Ask again with `offset` set to the answer's `nextOffset` until `isEnd`. A file that is written to meanwhile comes as it is at each call. " +
      `A file has at most ${COPY_LIMIT} bytes.`,
    params: z.strictObject({
      vm: VmRef,
      path: GuestPath,
      offset: z.int().min(0).default(0).describe('Byte to begin at'),
      limitBytes: z.int().min(1).max(CHUNK_LIMIT).default(CHUNK_LIMIT).describe('Most to answer').meta({ unit: 'bytes' }),
    }),
    result: z.object({
      data: z.string().describe('The piece in base64'),
      nextOffset: z.int().describe('Where the next one begins'),
      isEnd: z.boolean().describe('Whether the file ends here'),
      size: z.int().optional().describe('Bytes of the file, as the guest tells it; with `offset` 0 alone'),
      mode: z.string().optional().describe("The file's permissions in octal digits, likewise"),
    }),
    errors: [...asked, 'GUEST_FILE_NOT_FOUND', 'GUEST_FILE_FAILED', 'GUEST_COPY_TOO_LARGE'],
    access: 'control',
  }),
}
