/** Why a command ends before it is done, with the code to exit with; nothing more is said then. */
export class EarlyEnd extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super("ended early");
    this.exitCode = exitCode;
  }
}
