/**
 * What test files take of a machine, so that two that fill it do not run beside each other and the longest begin first.
 * Measured on two cores without KVM, with nothing beside the file; where an image, a package or a box is made for the first
 * time, that is not counted.
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
  'test/system/debian-first-boot.test.ts': { seconds: 130, cores: 2 },
}

export const weigh = (file: string): Weight => WEIGHTS[file] ?? USUAL

export const weighed = (): readonly string[] => Object.keys(WEIGHTS)
