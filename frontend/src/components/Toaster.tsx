import { Toast } from '@base-ui/react/toast';
import { CircleAlert, CircleCheck, X } from 'lucide-react';

import { toasts } from './toasts';

function Messages() {
  const { toasts: shown } = Toast.useToastManager();
  return shown.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className="rounded-lg border border-line bg-surface shadow-pop transition-[opacity,translate] duration-200 data-ending-style:opacity-0 data-limited:hidden data-starting-style:translate-y-2 data-starting-style:opacity-0"
    >
      <Toast.Content className="flex items-start gap-2.5 p-3">
        {toast.type === 'failed' ? (
          <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-down" />
        ) : (
          <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-up" />
        )}
        <div className="min-w-0 flex-1">
          <Toast.Title className="text-[0.8125rem] font-medium" />
          <Toast.Description className="mt-0.5 text-xs break-words text-ink-2" />
        </div>
        <Toast.Close aria-label="Dismiss" className="rounded p-0.5 text-ink-3 hover:text-ink">
          <X aria-hidden className="size-3.5" />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}

export function Toaster() {
  return (
    <Toast.Provider toastManager={toasts} limit={4}>
      <Toast.Portal>
        <Toast.Viewport className="fixed inset-x-4 bottom-20 z-60 flex flex-col-reverse gap-2 sm:left-auto sm:w-88 lg:bottom-4">
          <Messages />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}
