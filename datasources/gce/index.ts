import { defineDatasource } from '../../src/platform/datasource.ts'

export default defineDatasource({ id: 'GCE', stages: [], detect: () => false, fetch: async () => undefined })
