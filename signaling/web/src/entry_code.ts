/** Return codes and codes of appointments: seven digits and a check digit. */
export const CODE_LENGTH = 8

/** The digit that follows `digits` by ISO 7064 MOD 11,10. */
export function checkDigit(digits: string): string {
  let product = 10
  for (const digit of digits) {
    const sum = (product + Number(digit)) % 10 || 10
    product = (sum * 2) % 11
  }
  return String((11 - product) % 10)
}

/** True when this may be a code: eight digits of which the last one fits the others. */
export function isEntryCode(text: string): boolean {
  if (!/^[0-9]{8}$/.test(text)) return false
  return checkDigit(text.slice(0, -1)) === text.slice(-1)
}

/** A code as it is read aloud and copied by hand: in two fours. */
export function inFours(code: string): string {
  return code.replace(/(.{4})(?=.)/g, '$1 ')
}
