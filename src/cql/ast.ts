// The syntax tree of CQL 3.4.7. Names are as the statement means them: unquoted ones in lower case, quoted ones as written.

export type QualifiedName = { readonly keyspace: string | null; readonly name: string };

export type TypeNode =
  | { readonly kind: 'native'; readonly name: string }
  | { readonly kind: 'list' | 'set'; readonly element: TypeNode }
  | { readonly kind: 'map'; readonly key: TypeNode; readonly value: TypeNode }
  | { readonly kind: 'tuple'; readonly fields: readonly TypeNode[] }
  | { readonly kind: 'vector'; readonly element: TypeNode; readonly dimensions: number }
  | { readonly kind: 'frozen'; readonly inner: TypeNode }
  | { readonly kind: 'user'; readonly keyspace: string | null; readonly name: string }
  | { readonly kind: 'custom'; readonly className: string };

export type LiteralKind =
  | 'string'
  | 'integer'
  | 'float' // also NaN and Infinity, signed
  | 'boolean'
  | 'uuid'
  | 'hex'
  | 'duration';

export type Term =
  | { readonly kind: 'literal'; readonly literal: LiteralKind; readonly text: string }
  | { readonly kind: 'null' }
  /** Index counts the markers of the statement from 0; name only for `:name`. */
  | { readonly kind: 'marker'; readonly index: number; readonly name: string | null }
  | { readonly kind: 'call'; readonly function: QualifiedName; readonly args: readonly Term[] }
  | { readonly kind: 'hint'; readonly type: TypeNode; readonly term: Term }
  | { readonly kind: 'list'; readonly elements: readonly Term[] } // [a, b]: list or vector
  | { readonly kind: 'set'; readonly elements: readonly Term[] } // {a, b}; {} is an empty set or map
  | { readonly kind: 'map'; readonly entries: readonly (readonly [Term, Term])[] }
  | { readonly kind: 'udt'; readonly fields: readonly (readonly [string, Term])[] }
  | { readonly kind: 'tuple'; readonly elements: readonly Term[] }
  | { readonly kind: 'arithmetic'; readonly op: '+' | '-' | '*' | '/' | '%'; readonly left: Term; readonly right: Term }
  | { readonly kind: 'negate'; readonly term: Term };

/** What stands in a SELECT list. `text` is what Cassandra names an unaliased result column. */
export type Selectable =
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'term'; readonly term: Term } // literal, marker or collection literal
  | { readonly kind: 'call'; readonly function: QualifiedName; readonly args: readonly Selectable[] }
  | { readonly kind: 'countRows' } // count(*) and count(1)
  | { readonly kind: 'cast'; readonly of: Selectable; readonly type: TypeNode }
  | { readonly kind: 'hint'; readonly type: TypeNode; readonly of: Selectable }
  | { readonly kind: 'writetime' | 'maxwritetime' | 'ttl'; readonly of: Selectable }
  | { readonly kind: 'field'; readonly of: Selectable; readonly field: string }
  | { readonly kind: 'element'; readonly of: Selectable; readonly index: Term }
  | { readonly kind: 'slice'; readonly of: Selectable; readonly from: Term | null; readonly to: Term | null }
  | { readonly kind: 'tuple'; readonly elements: readonly Selectable[] }
  | { readonly kind: 'list'; readonly elements: readonly Selectable[] }
  | { readonly kind: 'set'; readonly elements: readonly Selectable[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [Selectable, Selectable])[] }
  | { readonly kind: 'udt'; readonly fields: readonly (readonly [string, Selectable])[] }
  | { readonly kind: 'negate'; readonly of: Selectable }
  | {
      readonly kind: 'arithmetic';
      readonly op: '+' | '-' | '*' | '/' | '%';
      readonly left: Selectable;
      readonly right: Selectable;
    };

export type Selector = { readonly of: Selectable; readonly alias: string | null };

/** MATCHES is `column = fts_match(...)`. */
export type ComparisonOperator =
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'IN'
  | 'NOT IN'
  | 'CONTAINS'
  | 'CONTAINS KEY'
  | 'NOT CONTAINS'
  | 'NOT CONTAINS KEY'
  | 'LIKE'
  | 'SOUNDS LIKE'
  | 'MATCHES'
  | 'BETWEEN'
  | 'IS NOT';

export type Relation =
  | {
      readonly kind: 'column';
      readonly column: string;
      readonly op: ComparisonOperator;
      /** One term; for IN of a list the elements, for BETWEEN two. */
      readonly values: readonly Term[];
      /** IN ? : the one term of `values` is the whole list. */
      readonly inMarker: boolean;
    }
  | {
      readonly kind: 'element';
      readonly column: string;
      readonly key: Term;
      readonly op: ComparisonOperator;
      readonly values: readonly Term[];
    }
  | {
      readonly kind: 'token';
      readonly columns: readonly string[];
      readonly op: ComparisonOperator;
      readonly values: readonly Term[];
    }
  | {
      readonly kind: 'tuple';
      readonly columns: readonly string[];
      readonly op: ComparisonOperator;
      readonly values: readonly Term[];
      readonly inMarker: boolean;
    }
  | AnyRelation;

/** Relations that are joined by AND, several times, joined by OR: in SELECT only. */
export type AnyRelation = {
  readonly kind: 'any';
  readonly op: 'OR';
  readonly branches: readonly (readonly Relation[])[];
};

export type Condition = {
  readonly column: string;
  readonly element: Term | null;
  readonly field: string | null;
  readonly op: ComparisonOperator;
  readonly values: readonly Term[];
  readonly inMarker: boolean;
};

export type Using = { readonly timestamp: Term | null; readonly ttl: Term | null; readonly timeoutMs: number | null };

export type OrderBy =
  | { readonly kind: 'column'; readonly column: string; readonly descending: boolean }
  | { readonly kind: 'ann'; readonly column: string; readonly vector: Term };

export type SelectStatement = {
  readonly kind: 'select';
  readonly table: QualifiedName;
  readonly json: boolean;
  readonly distinct: boolean;
  /** null: `*`. */
  readonly selectors: readonly Selector[] | null;
  readonly where: readonly Relation[];
  readonly groupBy: readonly Selectable[];
  readonly orderBy: readonly OrderBy[];
  readonly perPartitionLimit: Term | null;
  readonly limit: Term | null;
  readonly allowFiltering: boolean;
  readonly using: Using;
};

export type InsertStatement = {
  readonly kind: 'insert';
  readonly table: QualifiedName;
  readonly columns: readonly string[];
  readonly values: readonly Term[];
  /** INSERT ... JSON: `columns` and `values` are empty. */
  readonly json: { readonly value: Term; readonly defaultUnset: boolean } | null;
  readonly ifNotExists: boolean;
  readonly using: Using;
};

export type Assignment =
  | { readonly kind: 'set'; readonly column: string; readonly value: Term }
  /** c = c + v, c += v, c = c - v, c -= v. */
  | { readonly kind: 'add' | 'subtract'; readonly column: string; readonly value: Term }
  /** c = v + c: list prepend. */
  | { readonly kind: 'prepend'; readonly column: string; readonly value: Term }
  | { readonly kind: 'element'; readonly column: string; readonly key: Term; readonly value: Term }
  | { readonly kind: 'field'; readonly column: string; readonly field: string; readonly value: Term };

export type UpdateStatement = {
  readonly kind: 'update';
  readonly table: QualifiedName;
  readonly assignments: readonly Assignment[];
  readonly where: readonly Relation[];
  readonly ifExists: boolean;
  readonly conditions: readonly Condition[];
  readonly using: Using;
};

export type Deletion =
  | { readonly kind: 'column'; readonly column: string }
  | { readonly kind: 'element'; readonly column: string; readonly key: Term }
  | { readonly kind: 'field'; readonly column: string; readonly field: string };

export type DeleteStatement = {
  readonly kind: 'delete';
  readonly table: QualifiedName;
  readonly deletions: readonly Deletion[];
  readonly where: readonly Relation[];
  readonly ifExists: boolean;
  readonly conditions: readonly Condition[];
  readonly using: Using;
};

export type ModificationStatement = InsertStatement | UpdateStatement | DeleteStatement;

export type BatchStatement = {
  readonly kind: 'batch';
  readonly type: 'logged' | 'unlogged' | 'counter';
  readonly statements: readonly ModificationStatement[];
  readonly using: Using;
};

/** A value of a WITH option: the raw text of a constant or keyword, or a map of such texts for `{...}`. */
export type OptionValue = string | { readonly [key: string]: string };
export type Options = Readonly<Record<string, OptionValue>>;

export type MaskNode = { readonly function: QualifiedName; readonly args: readonly Term[] };

export type ColumnNode = {
  readonly name: string;
  readonly type: TypeNode;
  readonly isStatic: boolean;
  readonly mask: MaskNode | null;
};

export type DdlStatement =
  | { readonly kind: 'createKeyspace'; readonly name: string; readonly ifNotExists: boolean; readonly options: Options }
  | { readonly kind: 'alterKeyspace'; readonly name: string; readonly ifExists: boolean; readonly options: Options }
  | { readonly kind: 'dropKeyspace'; readonly name: string; readonly ifExists: boolean }
  | {
      readonly kind: 'createTable';
      readonly table: QualifiedName;
      readonly ifNotExists: boolean;
      readonly columns: readonly ColumnNode[];
      /** From the PRIMARY KEY clause, or the one column marked PRIMARY KEY; empty when there was none. */
      readonly partitionKey: readonly string[];
      readonly clustering: readonly string[];
      readonly primaryKeyCount: number;
      readonly clusteringOrder: readonly (readonly [string, 'asc' | 'desc'])[];
      readonly compactStorage: boolean;
      readonly options: Options;
    }
  | {
      readonly kind: 'createTableLike';
      readonly table: QualifiedName;
      readonly like: QualifiedName;
      readonly ifNotExists: boolean;
      readonly withIndexes: boolean;
      readonly options: Options;
    }
  | {
      readonly kind: 'alterTable';
      readonly table: QualifiedName;
      readonly ifExists: boolean;
      readonly change: AlterTableChange;
    }
  | { readonly kind: 'dropTable'; readonly table: QualifiedName; readonly ifExists: boolean }
  | { readonly kind: 'truncate'; readonly table: QualifiedName }
  | {
      readonly kind: 'createType';
      readonly type: QualifiedName;
      readonly ifNotExists: boolean;
      readonly fields: readonly (readonly [string, TypeNode])[];
    }
  | {
      readonly kind: 'alterType';
      readonly type: QualifiedName;
      readonly ifExists: boolean;
      readonly change: AlterTypeChange;
    }
  | { readonly kind: 'dropType'; readonly type: QualifiedName; readonly ifExists: boolean }
  | {
      readonly kind: 'createIndex';
      readonly name: string | null;
      readonly table: QualifiedName;
      readonly ifNotExists: boolean;
      readonly custom: boolean;
      readonly targets: readonly {
        readonly column: string;
        readonly kind: 'values' | 'keys' | 'entries' | 'full' | 'simple';
      }[];
      readonly using: string | null;
      readonly options: Options;
      /** Which rows have entries; empty: all. */
      readonly where: readonly Relation[];
    }
  | { readonly kind: 'dropIndex'; readonly index: QualifiedName; readonly ifExists: boolean }
  | {
      readonly kind: 'createView';
      readonly view: QualifiedName;
      readonly base: QualifiedName;
      readonly ifNotExists: boolean;
      readonly selectors: readonly Selector[] | null;
      readonly where: readonly Relation[];
      readonly partitionKey: readonly string[];
      readonly clustering: readonly string[];
      readonly clusteringOrder: readonly (readonly [string, 'asc' | 'desc'])[];
      readonly options: Options;
    }
  | { readonly kind: 'alterView'; readonly view: QualifiedName; readonly ifExists: boolean; readonly options: Options }
  | { readonly kind: 'dropView'; readonly view: QualifiedName; readonly ifExists: boolean }
  | {
      readonly kind: 'createFunction';
      readonly function: QualifiedName;
      readonly orReplace: boolean;
      readonly ifNotExists: boolean;
      readonly args: readonly (readonly [string, TypeNode])[];
      readonly calledOnNull: boolean;
      readonly deterministic: boolean;
      readonly monotonic: boolean;
      /** The one argument that MONOTONIC ON names. */
      readonly monotonicOn: string | null;
      readonly returns: TypeNode;
      readonly language: string;
      readonly body: string;
    }
  | {
      readonly kind: 'createAggregate';
      readonly aggregate: QualifiedName;
      readonly orReplace: boolean;
      readonly ifNotExists: boolean;
      readonly args: readonly TypeNode[];
      readonly stateFunction: string;
      readonly stateType: TypeNode;
      readonly finalFunction: string | null;
      readonly initial: Term | null;
    }
  | {
      readonly kind: 'dropFunction' | 'dropAggregate';
      readonly function: QualifiedName;
      readonly args: readonly TypeNode[] | null;
      readonly ifExists: boolean;
    }
  | {
      readonly kind: 'createTrigger';
      readonly name: string;
      readonly table: QualifiedName;
      readonly using: string;
      readonly ifNotExists: boolean;
    }
  | { readonly kind: 'dropTrigger'; readonly name: string; readonly table: QualifiedName; readonly ifExists: boolean };

export type AlterTableChange =
  | { readonly kind: 'add'; readonly columns: readonly ColumnNode[]; readonly ifNotExists: boolean }
  | {
      readonly kind: 'drop';
      readonly columns: readonly string[];
      readonly ifExists: boolean;
      readonly timestamp: bigint | null;
    }
  | { readonly kind: 'rename'; readonly renames: readonly (readonly [string, string])[]; readonly ifExists: boolean }
  | { readonly kind: 'alterType'; readonly column: string; readonly type: TypeNode; readonly ifExists: boolean }
  | { readonly kind: 'mask'; readonly column: string; readonly mask: MaskNode | null; readonly ifExists: boolean }
  | { readonly kind: 'dropCompactStorage' }
  | { readonly kind: 'with'; readonly options: Options };

export type AlterTypeChange =
  | { readonly kind: 'add'; readonly field: string; readonly type: TypeNode; readonly ifNotExists: boolean }
  | { readonly kind: 'rename'; readonly renames: readonly (readonly [string, string])[]; readonly ifExists: boolean }
  | { readonly kind: 'alter'; readonly field: string; readonly type: TypeNode };

export type UseStatement = { readonly kind: 'use'; readonly keyspace: string };

export type DescribeStatement = {
  readonly kind: 'describe';
  readonly what:
    | 'cluster'
    | 'schema'
    | 'keyspaces'
    | 'keyspace'
    | 'tables'
    | 'table'
    | 'index'
    | 'view'
    | 'types'
    | 'type'
    | 'functions'
    | 'function'
    | 'aggregates'
    | 'aggregate'
    | 'generic';
  readonly full: boolean;
  readonly only: boolean;
  readonly name: QualifiedName | null;
  readonly internals: boolean;
};

/** Roles, permissions, identities: kept close to their words until the issue that executes them. */
export type AuthStatement = {
  readonly kind: 'auth';
  /** For example 'CREATE ROLE', 'GRANT', 'LIST PERMISSIONS'. */
  readonly statement: string;
  readonly details: Readonly<Record<string, unknown>>;
};

/** Ferrosa's own: what runs, and how a statement would be run. */
export type ObserveStatement =
  | { readonly kind: 'listQueries' }
  | { readonly kind: 'killQuery'; readonly id: string }
  | {
      readonly kind: 'explain';
      /** Runs it too, and tells what that took. */
      readonly analyze: boolean;
      readonly statement: SelectStatement | ModificationStatement | BatchStatement;
    };

export type Statement =
  | SelectStatement
  | ModificationStatement
  | BatchStatement
  | DdlStatement
  | UseStatement
  | DescribeStatement
  | ObserveStatement
  | AuthStatement;

/** A parsed statement with what the planner needs about its text. */
export type ParsedStatement = {
  readonly statement: Statement;
  /** Names of the bind markers in order, null for `?`. */
  readonly markers: readonly (string | null)[];
  /** The same for statements that differ only in the values in them (fingerprint.ts). */
  readonly shape: number;
};
