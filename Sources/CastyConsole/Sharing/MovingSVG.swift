/// A film of the screen as one SVG document that moves by itself and begins again, for pages that show pictures only.
///
/// Rows that do not change are drawn once. A reader that shows no movement shows the last picture.
package struct MovingSVG: Sendable {
    /// The most pictures. With more of them the film is thinned out.
    private static let most = 160
    /// How long the last picture stays, in seconds.
    private static let rest = 4.0

    private var pictures: [(time: Double, picture: CellBuffer)] = []
    /// How long a picture stays at least, in seconds; shorter ones are left out.
    private var shortest = 0.2

    package init() {}

    /// Adds a picture; the same one again adds nothing.
    ///
    /// - Parameter seconds: The time of the world or of the wall clock. Where it is turned back the film goes on.
    package mutating func add(_ picture: CellBuffer, at seconds: Double) {
        guard let last = pictures.last else { return pictures.append((seconds, picture)) }
        guard last.picture != picture else { return }
        if seconds - last.time < shortest {
            pictures[pictures.count - 1].picture = picture
        } else {
            pictures.append((seconds, picture))
        }
        guard pictures.count > Self.most else { return }
        shortest *= 2
        let all = pictures
        pictures = []
        for (time, picture) in all { add(picture, at: time) }
    }

    /// The document; of a film whose size changed, the part of the last size.
    package func document(title: String) -> String {
        guard let last = pictures.last?.picture else { return "" }
        let shown = pictures.filter { ($0.picture.width, $0.picture.height) == (last.width, last.height) }
        let start = shown.first?.time ?? 0
        let times = shown.map { $0.time - start }
        let duration = (times.last ?? 0) + Self.rest
        let drawings = shown.map { SVGDrawing($0.picture) }
        var body = shown.count > 1 ? Self.clock(duration) : ""
        for y in 0..<last.height {
            body += Self.row(drawings.map { $0.row(y) }, times, duration)
        }
        return SVGDrawing(last).document(title: title, body: body)
    }

    /// What all movements refer to: it begins again when it has ended.
    private static func clock(_ duration: Double) -> String {
        """
        <g><animate id="film" attributeName="opacity" from="1" to="1" begin="0s;film.end" \
        dur="\(Cast.seconds(duration))s"/></g>

        """
    }

    /// One row through the whole film.
    private static func row(_ drawings: [String], _ times: [Double], _ duration: Double) -> String {
        guard let last = drawings.last, drawings.contains(where: { $0 != last }) else { return drawings.last ?? "" }
        var spans: [(drawing: String, start: Double, end: Double)] = []
        for (index, drawing) in drawings.enumerated() {
            let end = index + 1 < times.count ? times[index + 1] : duration
            if spans.last?.drawing == drawing {
                spans[spans.count - 1].end = end
            } else {
                spans.append((drawing, times[index], end))
            }
        }
        var result = ""
        var drawn: Set<String> = []
        for span in spans where drawn.insert(span.drawing).inserted && !span.drawing.isEmpty {
            // The last picture stands still where nothing moves: it is hidden while it is not shown.
            let isLast = span.drawing == last
            let moments = spans.filter { ($0.drawing == span.drawing) != isLast }
            let movements = moments.map { moment in
                """
                <set attributeName="visibility" to="\(isLast ? "hidden" : "visible")" \
                begin="film.begin+\(Cast.seconds(moment.start))s" dur="\(Cast.seconds(moment.end - moment.start))s"/>
                """
            }
            result += "<g visibility=\"\(isLast ? "visible" : "hidden")\">\(movements.joined())\n\(span.drawing)</g>\n"
        }
        return result
    }
}
