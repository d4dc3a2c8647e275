export {
  type Caller,
  type Cell,
  createUserFunctions,
  type UserFunctionSettings,
  type UserFunctions,
  type Warn,
} from './user-functions.js';
