import NIOCore
import NIOPosix
import Synchronization

/// Sends bytes over one connection, and reads what comes until it is closed.
struct ManagementClient {
    let port: Int

    struct Answer {
        let status: Int
        let headers: String
        let body: String
    }

    /// One request on a connection of its own.
    func send(
        _ method: String, _ path: String, token: String? = nil, headers: [String] = [], body: String = ""
    ) async throws -> Answer {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        if let token { head += "Authorization: Bearer \(token)\r\n" }
        if !body.isEmpty { head += "Content-Length: \(body.utf8.count)\r\n" }
        for header in headers { head += header + "\r\n" }
        let text = try await raw(head + "\r\n" + body)
        let halves = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let status = halves.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return Answer(
            status: status ?? 0, headers: halves.first.map(String.init) ?? "",
            body: halves.count > 1 ? String(halves[1]) : "")
    }

    /// Sends these bytes, and returns all that comes until the server closes.
    func raw(_ text: String) async throws -> String {
        let reader = Reader()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { $0.pipeline.addHandler(reader) }
            .connect(host: "127.0.0.1", port: port).get()
        try? await channel.writeAndFlush(ByteBuffer(string: text))
        try await channel.closeFuture.get()
        return reader.text
    }

    /// Opens a connection that stays open, and returns when it was answered once.
    func hold(host: String = "127.0.0.1") async throws -> any Channel {
        let group = MultiThreadedEventLoopGroup.singleton
        let answered = group.any().makePromise(of: Void.self)
        let reader = Reader { answered.succeed() }
        let channel = try await ClientBootstrap(group: group)
            .channelInitializer { $0.pipeline.addHandler(reader) }
            .bind(to: try SocketAddress(ipAddress: host, port: 0))
            .connect(host: "127.0.0.1", port: port).get()
        try await channel.writeAndFlush(ByteBuffer(string: "GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        try await answered.futureResult.get()
        return channel
    }

    private final class Reader: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let bytes = Mutex<[UInt8]>([])
        private let whenRead: @Sendable () -> Void

        init(whenRead: @escaping @Sendable () -> Void = {}) {
            self.whenRead = whenRead
        }

        var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            bytes.withLock { $0 += buffer.readableBytesView }
            whenRead()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
