import { seededRandom } from '../sandbox/seeded-random.js';

/** Text of each sample by its file name: two tables, and the configuration of an analysis for each. */
export function samples(): ReadonlyMap<string, string> {
  const configuration = (amount: number, tau: number, grouping: string[]): string =>
    `${JSON.stringify(
      {
        version: '2024-02-22',
        designations: { blq: 'BLQ', missing: 'NS', concentration_unit: 'ng/mL' },
        columns: {
          time: 'time',
          unique_id: 'subject',
          concentration: { observed: 'conc.obs', analyzed: 'conc' },
          sorting: [...grouping, 'time'],
          grouping,
        },
        dosing: { amount, unit: 'mg', frequency: 'single', type: 'ev' },
        time: { unit: 'hr', time_of_administration: 0, tau },
        kel_rules: { regression_statistic: 'adj_r2', minimum_statistic: 0 },
      },
      null,
      2,
    )}\n`;
  return new Map([
    ['single-oral-dose.csv', singleOralDose()],
    ['single-oral-dose.json', configuration(100, 24, ['subject'])],
    ['food-effect-crossover.csv', foodEffectCrossover()],
    ['food-effect-crossover.json', configuration(50, 48, ['subject', 'treatment'])],
  ]);
}

/** Pharmacokinetics of one subject: one compartment, first-order absorption after a lag. */
interface Subject {
  /** Apparent clearance, L/h. */
  readonly clearance: number;
  /** Apparent volume, L. */
  readonly volume: number;
  /** Absorption rate constant, 1/h. */
  readonly absorption: number;
  /** Lag time, h. */
  readonly lag: number;
}

/** Returns the concentration in ng/mL, some hours after a dose in mg. */
function concentration(subject: Subject, dose: number, hours: number): number {
  const { clearance, volume, absorption: ka, lag } = subject;
  const since = Math.max(0, hours - lag);
  const ke = clearance / volume;
  return ((1000 * dose * ka) / (volume * (ka - ke))) * (Math.exp(-ke * since) - Math.exp(-ka * since));
}

/** Twelve healthy subjects, 100 mg once, half-life about 3.5 h, lower limit of quantification 10 ng/mL. */
function singleOralDose(): string {
  const random = lognormal(20240222);
  const hours = [0, 0.25, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 24];
  const rows = [['subject', 'sex', 'dose', 'time', 'conc', 'conc.obs']];
  for (let id = 101; id <= 112; id++) {
    const subject = {
      clearance: random(9, 0.28),
      volume: random(45, 0.18),
      absorption: random(1.4, 0.35),
      lag: random(0.15, 0.3),
    };
    for (const time of hours) {
      const measured = random(concentration(subject, 100, time), 0.07);
      const lost = id === 107 && time === 6;
      rows.push([`${id}`, id % 2 ? 'M' : 'F', '100', `${time}`, ...reported(measured, 10, lost)]);
    }
  }
  return csv(rows);
}

/**
 * Eight subjects in two periods, 50 mg once each, fasted and after a high-fat meal: food slows absorption and does not change
 * exposure. Half-life about 8 h, lower limit of quantification 1 ng/mL.
 */
function foodEffectCrossover(): string {
  const random = lognormal(48);
  const hours = [0, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 36, 48];
  const rows = [['subject', 'sex', 'period', 'treatment', 'dose', 'time', 'conc', 'conc.obs']];
  for (let id = 1; id <= 8; id++) {
    const clearance = random(6.5, 0.3);
    const volume = random(75, 0.2);
    for (const period of [1, 2]) {
      const fed = (id + period) % 2 === 0;
      const subject = {
        clearance: random(clearance, 0.08),
        volume: random(volume, 0.06),
        absorption: random(fed ? 0.45 : 1.2, 0.25),
        lag: random(fed ? 0.7 : 0.2, 0.25),
      };
      for (const time of hours) {
        const measured = random(concentration(subject, 50, time), 0.06);
        const treatment = fed ? 'fed' : 'fasted';
        rows.push([
          ...[`${id}`, id % 2 ? 'F' : 'M', `${period}`, treatment, '50', `${time}`],
          ...reported(measured, 1),
        ]);
      }
    }
  }
  return csv(rows);
}

/** Formats a sample as a laboratory reports it: three significant figures, BLQ below the limit, NS if there is no sample. */
function reported(measured: number, limit: number, lost = false): [analyzed: string, observed: string] {
  if (lost) return ['', 'NS'];
  if (measured < limit) return ['0', 'BLQ'];
  const figures = `${Number(measured.toPrecision(3))}`;
  return [figures, figures];
}

/** Returns a generator of log-normal values with a median and a coefficient of variation. Repeats for the same seed. */
function lognormal(seed: number): (typical: number, variation: number) => number {
  const uniform = seededRandom(seed);
  return (typical, variation) => {
    const normal = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    return typical * Math.exp(normal * Math.sqrt(Math.log(1 + variation ** 2)));
  };
}

const csv = (rows: readonly (readonly string[])[]): string =>
  `${rows.map((row) => row.join(',')).join('\n')}\n`;
