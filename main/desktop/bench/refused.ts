// What was asked for is not done, and the person is told why. The message is a whole sentence that
// says what to do instead.

export class Refused extends Error {}
