import { Toast } from '@base-ui/react/toast';

export const toasts = Toast.createToastManager();

/** Say that something worked. */
export const tellDone = (title: string): void => {
  toasts.add({ title, type: 'done', timeout: 4_000 });
};

/** Say that something failed, and why; stays long enough to be read. */
export const tellFailed = (title: string, error: Error): void => {
  toasts.add({ title, description: error.message, type: 'failed', timeout: 10_000, priority: 'high' });
};
