export type {
  Coordinator,
  MutationOptions,
  ReadOptions,
  RoutedMutation,
  RoutedRead,
  WriteType,
} from '../query/index.js';
