// Functions on collections and vectors.
import { invalid } from '../../common/errors.js';
import {
  type CqlType,
  collectionSize,
  decodeFloat,
  encodeFloat,
  encodeInt,
  type ListType,
  type MapType,
  packList,
  packSet,
  type SetType,
  unpackElements,
  unpackMap,
  unpackVector,
  type VectorType,
} from '../../types/index.js';
import type { AggregateFunction, ScalarFunction } from '../function-api.js';
import { extremeAggregate, numericAggregate } from './aggregates.js';
import { native, scalar } from './build.js';
import { isNumeric } from './numeric.js';
import {
  anyCollection,
  anyMap,
  type Factory,
  floatVector,
  numericSetOrList,
  type Parameter,
  sameAs,
  setOrList,
} from './parameters.js';
import { similarities } from './similarity.js';

function mapKeys(type: MapType): ScalarFunction {
  const result: CqlType = { kind: 'set', element: type.key, frozen: true };
  return scalar('map_keys', [type], result, ([bytes]) => {
    if (!bytes || bytes.length === 0) return null;
    return packSet(
      type.key,
      unpackMap(bytes).map(([key]) => key),
    );
  });
}

function mapValues(type: MapType): ScalarFunction {
  const result: CqlType = { kind: 'list', element: type.value, frozen: true };
  return scalar('map_values', [type], result, ([bytes]) => {
    if (!bytes || bytes.length === 0) return null;
    return packList(unpackMap(bytes).map(([, value]) => value));
  });
}

function collectionCount(type: CqlType): ScalarFunction {
  return scalar('collection_count', [type], native('int'), ([bytes]) =>
    bytes ? encodeInt(collectionSize(bytes)) : null,
  );
}

/** An aggregate over the elements of one collection. */
function overElements(name: string, type: SetType | ListType, inner: AggregateFunction): ScalarFunction {
  return scalar(name, [type], inner.returnType, ([bytes]) => {
    if (!bytes) return null;
    const accumulator = inner.create();
    for (const element of bytes.length === 0 ? [] : unpackElements(bytes, type.kind)) accumulator.add([element]);
    return accumulator.result();
  });
}

function factory(name: string, parameter: Parameter, make: (type: CqlType) => ScalarFunction): Factory {
  return { name, parameters: [parameter], make: ([type]) => make(type!) };
}

function extreme(name: 'min' | 'max'): Factory {
  return factory(`collection_${name}`, setOrList, (type) => {
    const collection = type as SetType | ListType;
    return overElements(`collection_${name}`, collection, extremeAggregate(name, collection.element));
  });
}

function numeric(name: 'sum' | 'avg'): Factory {
  return factory(`collection_${name}`, numericSetOrList, (type) => {
    const collection = type as SetType | ListType;
    if (!isNumeric(collection.element)) throw invalid(`Expected numeric collection but found ${type.kind}`);
    return overElements(`collection_${name}`, collection, numericAggregate(name, collection.element.kind));
  });
}

function similarity(name: string): Factory {
  return {
    name,
    parameters: [sameAs(1, false, floatVector), sameAs(0, false, floatVector)],
    make: ([first, second]) => {
      const type = first as VectorType;
      if ((second as VectorType).dimensions !== type.dimensions) {
        throw invalid('All arguments must have the same vector dimensions');
      }
      return scalar(name, [type, type], native('float'), ([a, b]) => {
        if (!a || !b) return null;
        const [x, y] = [a, b].map((bytes) => unpackVector(type, bytes).map(decodeFloat)) as [number[], number[]];
        if (name === 'similarity_cosine' && [x, y].some((vector) => vector.every((value) => value === 0))) {
          throw invalid(`Function system.${name} doesn't support all-zero vectors.`);
        }
        return encodeFloat(Math.fround(similarities[name]!(x, y)));
      });
    },
  };
}

export function collectionFactories(): Factory[] {
  return [
    factory('map_keys', anyMap, (type) => mapKeys(type as MapType)),
    factory('map_values', anyMap, (type) => mapValues(type as MapType)),
    factory('collection_count', anyCollection, collectionCount),
    extreme('min'),
    extreme('max'),
    numeric('sum'),
    numeric('avg'),
    ...Object.keys(similarities).map(similarity),
  ];
}
