import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';

import { meQuery } from '@/api/auth';
import { RANGES } from '@/api/monitoring';
import { ApiProblem } from '@/api/problem';
import { Missing } from '@/components/PageError';
import { OUTCOMES, STATES } from '@/format/outcomes';
import { LEVELS, PROBE_KINDS } from '@/format/probes';

import { CouldNotGoOn } from './CouldNotGoOn';
import { queryClient } from './queryClient';
import {
  ALERT_TABS,
  type AlertTab,
  type ChecksSearch,
  type CostsSearch,
  flag,
  type ModelSearch,
  type ModelsSearch,
  oneOf,
  type OverviewSearch,
  SETTINGS_TABS,
  type SettingsTab,
  text,
  whole,
} from './search';
import { Shell } from './Shell';

type Search = Record<string, unknown>;

const root = createRootRoute({
  component: Outlet,
  errorComponent: CouldNotGoOn,
});

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Search): { next?: string } => ({ next: text(search, 'next') }),
  component: lazyRouteComponent(() => import('@/features/login/LoginPage'), 'LoginPage'),
});

const house = createRoute({
  getParentRoute: () => root,
  id: 'house',
  component: Shell,
  beforeLoad: async ({ location }) => {
    try {
      await queryClient.query({ ...meQuery, staleTime: 'static' });
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.status !== 401) throw error;
      throw redirect({ to: '/login', search: { next: location.href } });
    }
  },
});

const overview = createRoute({
  getParentRoute: () => house,
  path: '/',
  validateSearch: (search: Search): OverviewSearch => ({
    range: oneOf(search, 'range', RANGES),
    state: oneOf(search, 'state', STATES),
    provider: text(search, 'provider'),
    q: text(search, 'q'),
  }),
  component: lazyRouteComponent(() => import('@/features/overview/OverviewPage'), 'OverviewPage'),
});

const models = createRoute({
  getParentRoute: () => house,
  path: '/models',
  validateSearch: (search: Search): ModelsSearch => ({
    q: text(search, 'q'),
    provider: text(search, 'provider'),
    watched: oneOf(search, 'watched', ['yes', 'no', 'retired'] as const),
    page: whole(search, 'page'),
  }),
  component: lazyRouteComponent(() => import('@/features/models/ModelsPage'), 'ModelsPage'),
});

const model = createRoute({
  getParentRoute: () => house,
  path: '/models/$modelId',
  validateSearch: (search: Search): ModelSearch => ({
    range: oneOf(search, 'range', RANGES),
    from: whole(search, 'from'),
    to: whole(search, 'to'),
    outcome: oneOf(search, 'outcome', OUTCOMES),
  }),
  component: lazyRouteComponent(() => import('@/features/model/ModelPage'), 'ModelPage'),
});

const checks = createRoute({
  getParentRoute: () => house,
  path: '/checks',
  validateSearch: (search: Search): ChecksSearch => ({
    outcome: oneOf(search, 'outcome', OUTCOMES),
    kind: oneOf(search, 'kind', PROBE_KINDS),
    finding: oneOf(search, 'finding', LEVELS),
  }),
  component: lazyRouteComponent(() => import('@/features/checks/ChecksPage'), 'ChecksPage'),
});

const providers = createRoute({
  getParentRoute: () => house,
  path: '/providers',
  validateSearch: (search: Search): { add?: true } => ({ add: flag(search, 'add') }),
  component: lazyRouteComponent(() => import('@/features/providers/ProvidersPage'), 'ProvidersPage'),
});

const provider = createRoute({
  getParentRoute: () => house,
  path: '/providers/$providerId',
  validateSearch: (search: Search): { q?: string; page?: number; added?: true } => ({
    q: text(search, 'q'),
    page: whole(search, 'page'),
    added: flag(search, 'added'),
  }),
  component: lazyRouteComponent(() => import('@/features/providers/ProviderPage'), 'ProviderPage'),
});

const benchmarks = createRoute({
  getParentRoute: () => house,
  path: '/benchmarks',
  validateSearch: (search: Search): { page?: number } => ({ page: whole(search, 'page') }),
  component: lazyRouteComponent(() => import('@/features/benchmarks/BenchmarksPage'), 'BenchmarksPage'),
});

const newBenchmark = createRoute({
  getParentRoute: () => house,
  path: '/benchmarks/new',
  validateSearch: (search: Search): { model?: string } => ({ model: text(search, 'model') }),
  component: lazyRouteComponent(
    () => import('@/features/benchmarks/NewBenchmarkPage'),
    'NewBenchmarkPage',
  ),
});

const benchmark = createRoute({
  getParentRoute: () => house,
  path: '/benchmarks/$runId',
  validateSearch: (search: Search): { page?: number } => ({ page: whole(search, 'page') }),
  component: lazyRouteComponent(() => import('@/features/benchmarks/RunPage'), 'RunPage'),
});

const costs = createRoute({
  getParentRoute: () => house,
  path: '/costs',
  validateSearch: (search: Search): CostsSearch => ({
    by: oneOf(search, 'by', ['model', 'provider', 'day'] as const),
    days: whole(search, 'days'),
  }),
  component: lazyRouteComponent(() => import('@/features/costs/CostsPage'), 'CostsPage'),
});

const alerts = createRoute({
  getParentRoute: () => house,
  path: '/alerts',
  validateSearch: (search: Search): { tab?: AlertTab; page?: number } => ({
    tab: oneOf(search, 'tab', ALERT_TABS),
    page: whole(search, 'page'),
  }),
  component: lazyRouteComponent(() => import('@/features/alerts/AlertsPage'), 'AlertsPage'),
});

const settings = createRoute({
  getParentRoute: () => house,
  path: '/settings',
  validateSearch: (search: Search): { tab?: SettingsTab } => ({
    tab: oneOf(search, 'tab', SETTINGS_TABS),
  }),
  component: lazyRouteComponent(() => import('@/features/settings/SettingsPage'), 'SettingsPage'),
});

/** Any other address: said within the frame, so that everything else is at hand. */
const elsewhere = createRoute({
  getParentRoute: () => house,
  path: '$',
  component: () => <Missing subject="page" />,
});

const routeTree = root.addChildren([
  login,
  house.addChildren([
    overview,
    models,
    model,
    checks,
    providers,
    provider,
    benchmarks,
    newBenchmark,
    benchmark,
    costs,
    alerts,
    settings,
    elsewhere,
  ]),
]);

export const router = createRouter({ routeTree, defaultPreload: 'intent', scrollRestoration: true });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
