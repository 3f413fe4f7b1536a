// `mlx4-lab story`: the bond deadlock of August 2023, told in the terminal.
export const storyCommand = (_json: boolean): number => 0;
