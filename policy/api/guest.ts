/** What the guest of a VM that runs can be asked, through its agent. */

export const guestMethods = {}
