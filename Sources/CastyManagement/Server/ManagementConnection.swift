import NIOCore
import NIOHTTP1

/// One client's connection: one request after the other.
final class ManagementConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// The most bytes of a request's body; none is needed.
    private static let longestBody = 64 << 10
    /// The most bytes of all headers of a request, and the most headers.
    private static let longestHeaders = 16 << 10
    private static let mostHeaders = 100
    /// How long a connection that only probes may take, at most.
    private static let probeTimeout = TimeAmount.seconds(2)

    private let routes: RouteTable
    private let timeout: TimeAmount
    private let probesOnly: Bool
    private let began: @Sendable () -> Void
    private let answered: @Sendable () -> Void
    private var head: HTTPRequestHead?
    private var bodyBytes = 0
    private var deadline: Scheduled<Void>?

    /// - Parameters:
    ///   - began: Called when a request has arrived whole.
    ///   - answered: Called when its answer has been sent.
    init(
        _ routes: RouteTable, timeout: TimeAmount, _ admission: ConnectionTable<ObjectIdentifier>.Admission,
        began: @escaping @Sendable () -> Void, answered: @escaping @Sendable () -> Void
    ) {
        self.routes = routes
        probesOnly = admission == .probesOnly
        self.timeout = probesOnly ? min(timeout, Self.probeTimeout) : timeout
        self.began = began
        self.answered = answered
    }

    func channelActive(context: ChannelHandlerContext) {
        restartDeadline(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            bodyBytes = 0
            let bytes = head.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
            guard bytes > Self.longestHeaders || head.headers.count > Self.mostHeaders else { return }
            self.head = nil
            let problem = ManagementResponse.problem(
                .requestHeaderFieldsTooLarge, "a request has at most \(Self.mostHeaders) headers, of 16 KiB together")
            write(problem, to: head, keepsAlive: false, context)
        case .body(let body):
            bodyBytes += body.readableBytes
            guard bodyBytes > Self.longestBody, let head else { return }
            self.head = nil
            let problem = ManagementResponse.problem(.payloadTooLarge, "a request has at most 64 KiB")
            write(problem, to: head, keepsAlive: false, context)
        case .end:
            guard let head else { return }
            self.head = nil
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            let loop = context.eventLoop
            began()
            routes.answer(head, probesOnly: probesOnly) { response in
                loop.execute {
                    let (connection, context) = bound.value
                    let keepsAlive = head.isKeepAlive && !connection.probesOnly
                    connection.write(response, to: head, keepsAlive: keepsAlive, context)
                }
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Garbage was answered with 400 by the handler before this one.
        context.close(promise: nil)
    }

    private func write(
        _ response: ManagementResponse, to request: HTTPRequestHead, keepsAlive: Bool, _ context: ChannelHandlerContext
    ) {
        guard context.channel.isActive else { return }
        var headers = HTTPHeaders(response.headers)
        headers.add(name: "Content-Type", value: response.type)
        headers.add(name: "Content-Length", value: "\(response.body.utf8.count)")
        headers.add(name: "Cache-Control", value: "no-store")
        headers.add(name: "X-Content-Type-Options", value: "nosniff")
        headers.add(name: "Connection", value: keepsAlive ? "keep-alive" : "close")
        let head = HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: response.body)))), promise: nil)
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            let (connection, context) = bound.value
            connection.answered()
            if keepsAlive { connection.restartDeadline(context) } else { context.close(promise: nil) }
        }
    }

    /// The next request must have arrived whole, and been answered, until then.
    private func restartDeadline(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: timeout) { bound.value.close(promise: nil) }
    }
}
