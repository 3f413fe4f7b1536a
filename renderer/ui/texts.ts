// Words of parts that several views use. What one view alone says is in the
// folder of that view.

export const speedTexts = {
  speed: 'Speed',
  slowest: '0.001×',
  max: 'max',
  times: (speed: number): string => `${Number(speed.toPrecision(2))}×`,
} as const;
