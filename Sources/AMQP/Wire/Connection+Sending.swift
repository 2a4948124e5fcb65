import CRabbitMQ

extension Connection {
    /// Writes one message. Sizes were checked before (`WireSize`).
    func publish(_ outgoing: Outgoing, on channel: UInt16) throws(AMQPError) {
        defer { pool.reuse() }
        let exchange = pool.bytes(outgoing.exchange)
        let routingKey = pool.bytes(outgoing.routingKey)
        var properties = properties(of: outgoing.message)
        let status = outgoing.message.body.withUnsafeBytes { body in
            amqp_basic_publish(
                handle, channel, exchange, routingKey, outgoing.isMandatory ? 1 : 0, 0, &properties,
                amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress)))
        }
        try check(status, "publishing")
    }

    func acknowledge(_ number: UInt64, isMultiple: Bool, on channel: UInt16) throws(AMQPError) {
        try check(amqp_basic_ack(handle, channel, number, isMultiple ? 1 : 0), "acknowledging")
    }

    func reject(_ number: UInt64, isMultiple: Bool, requeues: Bool, on channel: UInt16) throws(AMQPError) {
        try check(amqp_basic_nack(handle, channel, number, isMultiple ? 1 : 0, requeues ? 1 : 0), "rejecting")
    }

    func acceptChannelClose(_ channel: UInt16) throws(AMQPError) {
        var method = amqp_channel_close_ok_t()
        try send(AMQP_CHANNEL_CLOSE_OK_METHOD, &method, channel, "closing a channel")
    }

    func acceptConnectionClose() throws(AMQPError) {
        var method = amqp_connection_close_ok_t()
        try send(AMQP_CONNECTION_CLOSE_OK_METHOD, &method, 0, "closing the connection")
    }

    func acceptFlow(isActive: Bool, on channel: UInt16) throws(AMQPError) {
        var method = amqp_channel_flow_ok_t(active: isActive ? 1 : 0)
        try send(AMQP_CHANNEL_FLOW_OK_METHOD, &method, channel, "answering flow")
    }

    func requestConnectionClose() throws(AMQPError) {
        defer { pool.reuse() }
        var method = amqp_connection_close_t(reply_code: 200, reply_text: pool.bytes("bye"), class_id: 0, method_id: 0)
        try send(AMQP_CONNECTION_CLOSE_METHOD, &method, 0, "closing the connection")
    }

    /// Writes the method of a request; its answer comes as a `Frame.reply`.
    func send(_ request: Request, on channel: UInt16) throws(AMQPError) {
        defer { pool.reuse() }
        let doing = request.purpose
        switch request {
        case .openChannel:
            var method = amqp_channel_open_t(out_of_band: amqp_empty_bytes)
            try send(AMQP_CHANNEL_OPEN_METHOD, &method, channel, doing)
        case .closeChannel:
            var method = amqp_channel_close_t(reply_code: 200, reply_text: pool.bytes("bye"), class_id: 0, method_id: 0)
            try send(AMQP_CHANNEL_CLOSE_METHOD, &method, channel, doing)
        case .selectConfirms:
            var method = amqp_confirm_select_t(nowait: 0)
            try send(AMQP_CONFIRM_SELECT_METHOD, &method, channel, doing)
        case .limitPrefetch(let count):
            var method = amqp_basic_qos_t(prefetch_size: 0, prefetch_count: count, global: 0)
            try send(AMQP_BASIC_QOS_METHOD, &method, channel, doing)
        case .consume(let queue, let tag, let isExclusive):
            var method = amqp_basic_consume_t(
                ticket: 0, queue: pool.bytes(queue), consumer_tag: pool.bytes(tag), no_local: 0, no_ack: 0,
                exclusive: isExclusive ? 1 : 0, nowait: 0, arguments: amqp_empty_table)
            try send(AMQP_BASIC_CONSUME_METHOD, &method, channel, doing)
        case .cancelConsumer(let tag):
            var method = amqp_basic_cancel_t(consumer_tag: pool.bytes(tag), nowait: 0)
            try send(AMQP_BASIC_CANCEL_METHOD, &method, channel, doing)
        case .declareExchange, .deleteExchange:
            try sendExchange(request, channel, doing)
        case .declareQueue, .bindQueue, .unbindQueue, .purgeQueue, .deleteQueue:
            try sendQueue(request, channel, doing)
        }
    }

    private func sendExchange(_ request: Request, _ channel: UInt16, _ doing: String) throws(AMQPError) {
        switch request {
        case .declareExchange(
            let name, let kind, let isPassive, let isDurable, let isAutoDelete, let isInternal, let table):
            var method = amqp_exchange_declare_t(
                ticket: 0, exchange: pool.bytes(name), type: pool.bytes(kind), passive: isPassive ? 1 : 0,
                durable: isDurable ? 1 : 0, auto_delete: isAutoDelete ? 1 : 0, internal: isInternal ? 1 : 0, nowait: 0,
                arguments: pool.table(table))
            try send(AMQP_EXCHANGE_DECLARE_METHOD, &method, channel, doing)
        case .deleteExchange(let name, let onlyIfUnused):
            var method = amqp_exchange_delete_t(
                ticket: 0, exchange: pool.bytes(name), if_unused: onlyIfUnused ? 1 : 0, nowait: 0)
            try send(AMQP_EXCHANGE_DELETE_METHOD, &method, channel, doing)
        case .openChannel, .closeChannel, .selectConfirms, .limitPrefetch, .consume, .cancelConsumer, .declareQueue,
            .bindQueue, .unbindQueue, .purgeQueue, .deleteQueue:
            preconditionFailure("only exchange methods come here")
        }
    }

    private func sendQueue(_ request: Request, _ channel: UInt16, _ doing: String) throws(AMQPError) {
        switch request {
        case .declareQueue(let name, let isPassive, let isDurable, let isExclusive, let isAutoDelete, let table):
            var method = amqp_queue_declare_t(
                ticket: 0, queue: pool.bytes(name), passive: isPassive ? 1 : 0, durable: isDurable ? 1 : 0,
                exclusive: isExclusive ? 1 : 0, auto_delete: isAutoDelete ? 1 : 0, nowait: 0,
                arguments: pool.table(table))
            try send(AMQP_QUEUE_DECLARE_METHOD, &method, channel, doing)
        case .bindQueue(let queue, let exchange, let routingKey, let table):
            var method = amqp_queue_bind_t(
                ticket: 0, queue: pool.bytes(queue), exchange: pool.bytes(exchange),
                routing_key: pool.bytes(routingKey), nowait: 0, arguments: pool.table(table))
            try send(AMQP_QUEUE_BIND_METHOD, &method, channel, doing)
        case .unbindQueue(let queue, let exchange, let routingKey, let table):
            var method = amqp_queue_unbind_t(
                ticket: 0, queue: pool.bytes(queue), exchange: pool.bytes(exchange),
                routing_key: pool.bytes(routingKey), arguments: pool.table(table))
            try send(AMQP_QUEUE_UNBIND_METHOD, &method, channel, doing)
        case .purgeQueue(let name):
            var method = amqp_queue_purge_t(ticket: 0, queue: pool.bytes(name), nowait: 0)
            try send(AMQP_QUEUE_PURGE_METHOD, &method, channel, doing)
        case .deleteQueue(let name, let onlyIfUnused, let onlyIfEmpty):
            var method = amqp_queue_delete_t(
                ticket: 0, queue: pool.bytes(name), if_unused: onlyIfUnused ? 1 : 0, if_empty: onlyIfEmpty ? 1 : 0,
                nowait: 0)
            try send(AMQP_QUEUE_DELETE_METHOD, &method, channel, doing)
        case .openChannel, .closeChannel, .selectConfirms, .limitPrefetch, .consume, .cancelConsumer, .declareExchange,
            .deleteExchange:
            preconditionFailure("only queue methods come here")
        }
    }

    private func send<Method: BitwiseCopyable>(
        _ method: amqp_method_number_t, _ value: inout Method, _ channel: UInt16, _ doing: String
    ) throws(AMQPError) {
        try check(amqp_send_method(handle, channel, method, &value), doing)
    }

    private func properties(of message: Message) -> amqp_basic_properties_t {
        var properties = amqp_basic_properties_t()
        func set(_ flag: Int32) { properties._flags |= amqp_flags_t(flag) }
        func text(_ string: String?, _ flag: Int32) -> amqp_bytes_t {
            guard let string else { return amqp_empty_bytes }
            set(flag)
            return pool.bytes(string)
        }
        properties.content_type = text(message.contentType, AMQP_BASIC_CONTENT_TYPE_FLAG)
        properties.content_encoding = text(message.contentEncoding, AMQP_BASIC_CONTENT_ENCODING_FLAG)
        properties.message_id = text(message.messageID, AMQP_BASIC_MESSAGE_ID_FLAG)
        properties.correlation_id = text(message.correlationID, AMQP_BASIC_CORRELATION_ID_FLAG)
        properties.reply_to = text(message.replyTo, AMQP_BASIC_REPLY_TO_FLAG)
        properties.type = text(message.type, AMQP_BASIC_TYPE_FLAG)
        properties.app_id = text(message.appID, AMQP_BASIC_APP_ID_FLAG)
        properties.user_id = text(message.userID, AMQP_BASIC_USER_ID_FLAG)
        properties.expiration = text(message.expiration, AMQP_BASIC_EXPIRATION_FLAG)
        set(AMQP_BASIC_DELIVERY_MODE_FLAG)
        properties.delivery_mode = message.isPersistent ? 2 : 1
        if let timestamp = message.timestamp {
            set(AMQP_BASIC_TIMESTAMP_FLAG)
            properties.timestamp = timestamp
        }
        if let priority = message.priority {
            set(AMQP_BASIC_PRIORITY_FLAG)
            properties.priority = priority
        }
        if !message.headers.isEmpty {
            set(AMQP_BASIC_HEADERS_FLAG)
            properties.headers = pool.table(message.headers)
        }
        return properties
    }
}
