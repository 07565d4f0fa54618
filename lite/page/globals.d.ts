/* What the modules find that no import says. */
declare module "*.py" {
  const text: string;
  export default text;
}

declare var otpLabs: Record<string, { css: string; show(lab: Element, data: unknown, more: object): void }>;
declare var process: any; // in Node
