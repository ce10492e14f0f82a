/** What is used of jstat, which brings no types. */
declare module 'jstat' {
  const jstat: {
    readonly studentt: {
      /** Quantile `p` of Student's t with `degrees` of freedom. */
      inv(p: number, degrees: number): number;
    };
  };
  export default jstat;
}
