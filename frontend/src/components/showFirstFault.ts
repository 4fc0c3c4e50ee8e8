/** Brings the first thing that is wrong in a form into view, once it is drawn, with the focus in it. */
export function showFirstFault(form: HTMLElement): void {
  requestAnimationFrame(() => {
    const fault = form.querySelector<HTMLElement>('[aria-invalid="true"], [role="alert"]');
    fault?.scrollIntoView({ block: 'center' });
    fault?.focus({ preventScroll: true });
  });
}
