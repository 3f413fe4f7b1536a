// Module parameters (kernel/params.c): typed texts with defaults, set when the module is loaded or,
// where the mode allows it, in sysfs. Drivers read them when they need them, so a write takes
// effect at once.

import { EINVAL } from './errno.ts';

export type ParamType = 'int' | 'uint' | 'bool' | 'charp' | 'ints';

/** A parameter as the module declares it. */
export interface ParamDefinition {
  readonly name: string;
  readonly type: ParamType;
  /** Default, as sysfs shows it: `0`, `Y`, `0,0`. */
  readonly value: string;
  /** Mode of the sysfs file; 0 for none. */
  readonly mode: number;
  readonly description: string;
}

const integerPattern = /^-?(0x[0-9a-f]+|\d+)$/i;

function parseInteger(text: string): number | null {
  if (!integerPattern.test(text)) return null;
  const negative = text.startsWith('-');
  const value = Number(negative ? text.slice(1) : text);
  return negative ? -value : value;
}

/** The value as it is kept and shown, or null for one that does not fit the type. */
function normalise(definition: ParamDefinition, text: string): string | null {
  switch (definition.type) {
    case 'charp':
      return text;
    case 'bool':
      if (/^(y|yes|1|on|true|t)$/i.test(text)) return 'Y';
      return /^(n|no|0|off|false|f)$/i.test(text) ? 'N' : null;
    case 'ints': {
      const values = text.split(',').map(parseInteger);
      const room = definition.value.split(',').length;
      return values.length > room || values.includes(null) ? null : values.join(',');
    }
    case 'int':
    case 'uint': {
      const value = parseInteger(text);
      const lowest = definition.type === 'uint' ? 0 : -0x8000_0000;
      const highest = definition.type === 'uint' ? 0xffff_ffff : 0x7fff_ffff;
      return value === null || value < lowest || value > highest ? null : String(value);
    }
  }
}

/** The values of one loaded module. */
export class ModuleParams {
  readonly definitions: readonly ParamDefinition[];
  private readonly values = new Map<string, string>();

  constructor(definitions: readonly ParamDefinition[]) {
    this.definitions = definitions;
    for (const { name, value } of definitions) this.values.set(name, value);
  }

  /** The value as sysfs shows it. Throws for a name that the module does not declare. */
  text(name: string): string {
    const value = this.values.get(name);
    if (value === undefined) throw new Error(`no module parameter ${name}`);
    return value;
  }

  int(name: string): number {
    return Number(this.text(name));
  }

  bool(name: string): boolean {
    return this.text(name) === 'Y';
  }

  ints(name: string): number[] {
    return this.text(name).split(',').map(Number);
  }

  /** Sets a value from text. 0, or -EINVAL for an unknown name or a value that does not fit. */
  set(name: string, text: string): number {
    const definition = this.definitions.find((each) => each.name === name);
    const value = definition === undefined ? null : normalise(definition, text);
    if (value === null) return -EINVAL;
    this.values.set(name, value);
    return 0;
  }
}
