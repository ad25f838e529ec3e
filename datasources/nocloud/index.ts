import { defineDatasource } from '../../src/platform/datasource.ts'

export default defineDatasource({ id: 'NoCloud', stages: [], detect: () => false, fetch: async () => undefined })
