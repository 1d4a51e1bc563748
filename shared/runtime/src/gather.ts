/**
 * Questions of a moment, asked together: those of one turn of the event loop, and those that come while the last are being
 * answered. So one that comes alone waits for nobody, and thousands at once take few round trips.
 *
 * `ask` answers in the order of the questions; what it throws is each one's of that asking, and nobody else's.
 * A question is never part of an asking that began before it.
 */
export function openGather<Question, Answer>(parts: {
  /** Of one asking. */
  readonly questionsMax: number;
  readonly ask: (questions: readonly Question[]) => Promise<readonly Answer[]>;
}): (question: Question) => Promise<Answer> {
  const waiting: {
    readonly question: Question;
    readonly resolve: (answer: Answer) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  let isAsking = false;

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, parts.questionsMax);
      try {
        const answers = await parts.ask(batch.map(({ question }) => question));
        for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isAsking = false;
  };

  return (question) =>
    new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject });
      if (isAsking) return;
      isAsking = true;
      setImmediate(() => void run());
    });
}
