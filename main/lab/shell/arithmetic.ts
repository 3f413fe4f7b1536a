// Arithmetic expansion (XCU 2.6.4): integers, variables, + - * / %, comparisons, && || !, brackets
// and assignment. Left out: bit operators, ++ and --, the ternary.

import { ShellError } from './control.ts';

/** Where variables come from and go to. */
export interface ArithmeticVariables {
  value(name: string): string;
  set(name: string, value: string): void;
}

/** Binary operators by precedence, weakest first. */
const levels: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<=', '>=', '<', '>'],
  ['+', '-'],
  ['*', '/', '%'],
];

/** The value of an expression. Throws ShellError for one that makes no sense. */
export function evaluate(expression: string, variables: ArithmeticVariables): number {
  return new Evaluation(expression, variables).whole();
}

const truth = (holds: boolean): number => (holds ? 1 : 0);

class Evaluation {
  private at = 0;
  private readonly text: string;
  private readonly variables: ArithmeticVariables;

  constructor(text: string, variables: ArithmeticVariables) {
    this.text = text;
    this.variables = variables;
  }

  whole(): number {
    if (this.text.trim() === '') return 0;
    const value = this.assignment();
    this.skip();
    if (this.at < this.text.length) throw this.bad('expecting EOF');
    return value;
  }

  private assignment(): number {
    this.skip();
    const match = /^([A-Za-z_]\w*)\s*([-+*/%]?)=(?!=)/.exec(this.text.slice(this.at));
    if (match === null) return this.binary(0);
    this.at += match[0].length;
    const right = this.assignment();
    const name = match[1]!;
    const value = match[2] === '' ? right : this.apply(match[2]!, this.variable(name), right);
    this.variables.set(name, String(value));
    return value;
  }

  private binary(level: number): number {
    const operators = levels[level];
    if (operators === undefined) return this.unary();
    let left = this.binary(level + 1);
    for (;;) {
      this.skip();
      const operator = operators.find((one) => this.text.startsWith(one, this.at));
      if (operator === undefined) return left;
      this.at += operator.length;
      left = this.apply(operator, left, this.binary(level + 1));
    }
  }

  private apply(operator: string, left: number, right: number): number {
    switch (operator) {
      case '||':
        return truth(left !== 0 || right !== 0);
      case '&&':
        return truth(left !== 0 && right !== 0);
      case '==':
        return truth(left === right);
      case '!=':
        return truth(left !== right);
      case '<':
        return truth(left < right);
      case '>':
        return truth(left > right);
      case '<=':
        return truth(left <= right);
      case '>=':
        return truth(left >= right);
      case '+':
        return left + right;
      case '-':
        return left - right;
      case '*':
        return left * right;
      default:
        if (right === 0) throw this.bad('division by zero');
        return operator === '/' ? Math.trunc(left / right) : left % right;
    }
  }

  private unary(): number {
    this.skip();
    const c = this.text[this.at];
    if (c === '-' || c === '+' || c === '!') {
      this.at++;
      const value = this.unary();
      return c === '-' ? 0 - value : c === '+' ? value : truth(value === 0);
    }
    if (c === '(') {
      this.at++;
      const value = this.assignment();
      this.skip();
      if (this.text[this.at] !== ')') throw this.bad("expecting ')'");
      this.at++;
      return value;
    }
    return this.primary();
  }

  private primary(): number {
    const match = /^(?:(0[xX][0-9a-fA-F]+|\d+)|([A-Za-z_]\w*))/.exec(this.text.slice(this.at));
    if (match === null) throw this.bad('expecting primary');
    this.at += match[0].length;
    return match[1] === undefined ? this.variable(match[2]!) : Number(match[1]);
  }

  private variable(name: string): number {
    const text = this.variables.value(name).trim();
    if (text === '') return 0;
    if (!/^[-+]?(0x[0-9a-f]+|\d+)$/i.test(text)) throw new ShellError(`Illegal number: ${text}`);
    return text.startsWith('-') ? -Number(text.slice(1)) : Number(text);
  }

  private skip(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++;
  }

  private bad(what: string): ShellError {
    return new ShellError(`arithmetic expression: ${what}: "${this.text}"`);
  }
}
