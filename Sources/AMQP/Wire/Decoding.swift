import CRabbitMQ

/// From librabbitmq's values to ours. Everything is copied, since the memory is librabbitmq's; nothing traps, since the
/// bytes are a stranger's.
extension amqp_bytes_t {
    var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : len) }

    /// As text; what is not UTF-8 becomes U+FFFD.
    var string: String { String(decoding: buffer, as: UTF8.self) }
}

extension Field {
    init(_ value: amqp_field_value_t, depth: Int) {
        guard depth <= Field.depthMax else {
            self = .void
            return
        }
        let content = value.value
        switch amqp_field_value_kind_t(UInt32(value.kind)) {
        case AMQP_FIELD_KIND_BOOLEAN: self = .bool(content.boolean != 0)
        case AMQP_FIELD_KIND_I8: self = .int(Int64(content.i8))
        case AMQP_FIELD_KIND_U8: self = .int(Int64(content.u8))
        case AMQP_FIELD_KIND_I16: self = .int(Int64(content.i16))
        case AMQP_FIELD_KIND_U16: self = .int(Int64(content.u16))
        case AMQP_FIELD_KIND_I32: self = .int(Int64(content.i32))
        case AMQP_FIELD_KIND_U32: self = .int(Int64(content.u32))
        case AMQP_FIELD_KIND_I64: self = .int(content.i64)
        case AMQP_FIELD_KIND_U64:
            self = Int64(exactly: content.u64).map { .int($0) } ?? .double(Double(content.u64))
        case AMQP_FIELD_KIND_F32: self = .double(Double(content.f32))
        case AMQP_FIELD_KIND_F64: self = .double(content.f64)
        case AMQP_FIELD_KIND_DECIMAL:
            self = .decimal(scale: content.decimal.decimals, value: content.decimal.value)
        case AMQP_FIELD_KIND_UTF8:
            self =
                String(validating: content.bytes.buffer, as: UTF8.self).map { .string($0) }
                ?? .bytes(Array(content.bytes.buffer))
        case AMQP_FIELD_KIND_BYTES: self = .bytes(Array(content.bytes.buffer))
        case AMQP_FIELD_KIND_TIMESTAMP: self = .timestamp(content.u64)
        case AMQP_FIELD_KIND_TABLE: self = .table(Field.table(content.table, depth: depth + 1))
        case AMQP_FIELD_KIND_ARRAY:
            let items = UnsafeBufferPointer(start: content.array.entries, count: Int(content.array.num_entries))
            self = .array(items.map { Field($0, depth: depth + 1) })
        default: self = .void
        }
    }

    static func table(_ table: amqp_table_t, depth: Int = 1) -> [String: Field] {
        var fields: [String: Field] = [:]
        for entry in UnsafeBufferPointer(start: table.entries, count: Int(table.num_entries)) {
            fields[entry.key.string] = Field(entry.value, depth: depth)
        }
        return fields
    }
}

extension Message {
    /// The properties of a content header; the body comes later.
    init(_ properties: amqp_basic_properties_t) {
        func has(_ flag: Int32) -> Bool { properties._flags & amqp_flags_t(flag) != 0 }
        func text(_ flag: Int32, _ bytes: amqp_bytes_t) -> String? { has(flag) ? bytes.string : nil }
        self.init(
            body: [],
            contentType: text(AMQP_BASIC_CONTENT_TYPE_FLAG, properties.content_type),
            contentEncoding: text(AMQP_BASIC_CONTENT_ENCODING_FLAG, properties.content_encoding),
            messageID: text(AMQP_BASIC_MESSAGE_ID_FLAG, properties.message_id),
            correlationID: text(AMQP_BASIC_CORRELATION_ID_FLAG, properties.correlation_id),
            replyTo: text(AMQP_BASIC_REPLY_TO_FLAG, properties.reply_to),
            type: text(AMQP_BASIC_TYPE_FLAG, properties.type),
            appID: text(AMQP_BASIC_APP_ID_FLAG, properties.app_id),
            userID: text(AMQP_BASIC_USER_ID_FLAG, properties.user_id),
            expiration: text(AMQP_BASIC_EXPIRATION_FLAG, properties.expiration),
            timestamp: has(AMQP_BASIC_TIMESTAMP_FLAG) ? properties.timestamp : nil,
            isPersistent: has(AMQP_BASIC_DELIVERY_MODE_FLAG) && properties.delivery_mode == 2,
            priority: has(AMQP_BASIC_PRIORITY_FLAG) ? properties.priority : nil,
            headers: has(AMQP_BASIC_HEADERS_FLAG) ? Field.table(properties.headers) : [:]
        )
    }
}

extension Frame {
    init(_ frame: amqp_frame_t) {
        let channel = frame.channel
        switch Int32(frame.frame_type) {
        case AMQP_FRAME_BODY: self = .body(channel: channel, frame.payload.body_fragment.buffer)
        case AMQP_FRAME_HEADER:
            let header = frame.payload.properties
            guard header.class_id == UInt16(AMQP_BASIC_CLASS), let decoded = header.decoded else {
                self = .unexpected(method: UInt32(header.class_id) << 16)
                return
            }
            let properties = decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee
            self = .header(channel: channel, bodySize: header.body_size, Message(properties))
        case AMQP_FRAME_METHOD: self.init(method: frame.payload.method, channel: channel)
        default: self = .unexpected(method: 0)
        }
    }

    private init(method: amqp_method_t, channel: UInt16) {
        func decoded<Method>(_ type: Method.Type) -> Method? {
            method.decoded?.assumingMemoryBound(to: type).pointee
        }
        switch method.id {
        case AMQP_BASIC_DELIVER_METHOD:
            guard let it = decoded(amqp_basic_deliver_t.self) else { break }
            self = .content(
                channel: channel,
                .delivery(
                    number: it.delivery_tag, isRedelivered: it.redelivered != 0, exchange: it.exchange.string,
                    routingKey: it.routing_key.string))
            return
        case AMQP_BASIC_ACK_METHOD:
            guard let it = decoded(amqp_basic_ack_t.self) else { break }
            self = .settled(channel: channel, number: it.delivery_tag, isMultiple: it.multiple != 0, isRefused: false)
            return
        case AMQP_BASIC_NACK_METHOD:
            guard let it = decoded(amqp_basic_nack_t.self) else { break }
            self = .settled(channel: channel, number: it.delivery_tag, isMultiple: it.multiple != 0, isRefused: true)
            return
        case AMQP_BASIC_RETURN_METHOD:
            guard let it = decoded(amqp_basic_return_t.self) else { break }
            self = .content(
                channel: channel,
                .returned(
                    replyCode: it.reply_code, reason: it.reply_text.string, exchange: it.exchange.string,
                    routingKey: it.routing_key.string))
            return
        case AMQP_CHANNEL_CLOSE_METHOD:
            guard let it = decoded(amqp_channel_close_t.self) else { break }
            self = .channelClosed(channel: channel, replyCode: it.reply_code, text: it.reply_text.string)
            return
        case AMQP_CONNECTION_CLOSE_METHOD:
            guard let it = decoded(amqp_connection_close_t.self) else { break }
            self = .connectionClosed(replyCode: it.reply_code, text: it.reply_text.string)
            return
        case AMQP_CHANNEL_FLOW_METHOD:
            guard let it = decoded(amqp_channel_flow_t.self) else { break }
            self = .flow(channel: channel, isActive: it.active != 0)
            return
        case AMQP_CONNECTION_BLOCKED_METHOD:
            guard let it = decoded(amqp_connection_blocked_t.self) else { break }
            self = .blocked(reason: it.reason.string)
            return
        case AMQP_CONNECTION_UNBLOCKED_METHOD:
            self = .unblocked
            return
        case AMQP_CONNECTION_CLOSE_OK_METHOD:
            self = .connectionCloseAccepted
            return
        case AMQP_BASIC_CANCEL_METHOD:
            self = .consumerCancelled(channel: channel)
            return
        default:
            if let reply = Reply(method) {
                self = .reply(channel: channel, reply)
                return
            }
        }
        self = .unexpected(method: method.id)
    }
}

extension Reply {
    /// Nil for a method that answers none.
    fileprivate init?(_ method: amqp_method_t) {
        switch method.id {
        case AMQP_QUEUE_DECLARE_OK_METHOD:
            guard let it = method.decoded?.assumingMemoryBound(to: amqp_queue_declare_ok_t.self).pointee else {
                return nil
            }
            self = .queue(
                QueueCounts(name: it.queue.string, messages: it.message_count, consumers: it.consumer_count))
        case AMQP_QUEUE_PURGE_OK_METHOD:
            guard let it = method.decoded?.assumingMemoryBound(to: amqp_queue_purge_ok_t.self).pointee else {
                return nil
            }
            self = .count(it.message_count)
        case AMQP_QUEUE_DELETE_OK_METHOD:
            guard let it = method.decoded?.assumingMemoryBound(to: amqp_queue_delete_ok_t.self).pointee else {
                return nil
            }
            self = .count(it.message_count)
        case AMQP_CHANNEL_OPEN_OK_METHOD, AMQP_CHANNEL_CLOSE_OK_METHOD, AMQP_CONFIRM_SELECT_OK_METHOD,
            AMQP_EXCHANGE_DECLARE_OK_METHOD, AMQP_EXCHANGE_DELETE_OK_METHOD, AMQP_QUEUE_BIND_OK_METHOD,
            AMQP_QUEUE_UNBIND_OK_METHOD, AMQP_BASIC_QOS_OK_METHOD, AMQP_BASIC_CONSUME_OK_METHOD,
            AMQP_BASIC_CANCEL_OK_METHOD:
            self = .done(method: method.id)
        default: return nil
        }
    }
}
