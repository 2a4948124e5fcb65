import CRabbitMQ

/// Memory for what one call hands to librabbitmq; `reuse` takes it back when the call is done.
final class Pool {
    private let pool: UnsafeMutablePointer<amqp_pool_t>

    init() {
        pool = .allocate(capacity: 1)
        pool.initialize(to: amqp_pool_t())
        init_amqp_pool(pool, 16_384)
    }

    deinit {
        empty_amqp_pool(pool)
        pool.deallocate()
    }

    func reuse() { recycle_amqp_pool(pool) }

    func bytes(_ string: String) -> amqp_bytes_t {
        var string = string
        return string.withUTF8 { copy(UnsafeRawBufferPointer($0)) }
    }

    func bytes(_ array: [UInt8]) -> amqp_bytes_t {
        array.withUnsafeBytes { copy($0) }
    }

    func table(_ table: [String: Field]) -> amqp_table_t {
        guard !table.isEmpty else { return amqp_empty_table }
        let entries = allocate(amqp_table_entry_t.self, table.count)
        for (index, (key, field)) in table.enumerated() {
            entries[index] = amqp_table_entry_t(key: bytes(key), value: value(field))
        }
        return amqp_table_t(num_entries: Int32(table.count), entries: entries)
    }

    private func value(_ field: Field) -> amqp_field_value_t {
        var value = amqp_field_value_t()
        switch field {
        case .bool(let flag):
            value.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
            value.value.boolean = flag ? 1 : 0
        case .int(let number):
            value.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
            value.value.i64 = number
        case .double(let number):
            value.kind = UInt8(AMQP_FIELD_KIND_F64.rawValue)
            value.value.f64 = number
        case .decimal(let scale, let number):
            value.kind = UInt8(AMQP_FIELD_KIND_DECIMAL.rawValue)
            value.value.decimal = amqp_decimal_t(decimals: scale, value: number)
        case .string(let text):
            value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
            value.value.bytes = bytes(text)
        case .bytes(let data):
            value.kind = UInt8(AMQP_FIELD_KIND_BYTES.rawValue)
            value.value.bytes = bytes(data)
        case .timestamp(let seconds):
            value.kind = UInt8(AMQP_FIELD_KIND_TIMESTAMP.rawValue)
            value.value.u64 = seconds
        case .table(let inner):
            value.kind = UInt8(AMQP_FIELD_KIND_TABLE.rawValue)
            value.value.table = table(inner)
        case .array(let items):
            value.kind = UInt8(AMQP_FIELD_KIND_ARRAY.rawValue)
            value.value.array = array(items)
        case .void:
            value.kind = UInt8(AMQP_FIELD_KIND_VOID.rawValue)
        }
        return value
    }

    private func array(_ items: [Field]) -> amqp_array_t {
        guard !items.isEmpty else { return amqp_empty_array }
        let entries = allocate(amqp_field_value_t.self, items.count)
        for (index, item) in items.enumerated() { entries[index] = value(item) }
        return amqp_array_t(num_entries: Int32(items.count), entries: entries)
    }

    private func copy(_ source: UnsafeRawBufferPointer) -> amqp_bytes_t {
        guard let from = source.baseAddress, !source.isEmpty else { return amqp_empty_bytes }
        let memory = allocate(UInt8.self, source.count)
        UnsafeMutableRawPointer(memory).copyMemory(from: from, byteCount: source.count)
        return amqp_bytes_t(len: source.count, bytes: memory)
    }

    private func allocate<Element>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
        guard let memory = amqp_pool_alloc(pool, count * MemoryLayout<Element>.stride) else {
            fatalError("out of memory")  // as any allocation of Swift itself does
        }
        return memory.bindMemory(to: type, capacity: count)
    }
}
