/// A request as a route sees it: the head, and the bytes that its ranges point into.
///
/// Valid only while it is being handled.
package struct Request {
    /// What was asked.
    package let head: RequestHead
    /// The bytes of the head.
    package let headBytes: UnsafeBufferPointer<UInt8>
    /// The bytes of the body, empty if there is none.
    package let body: UnsafeBufferPointer<UInt8>

    /// Makes a request from its parts.
    package init(head: RequestHead, headBytes: UnsafeBufferPointer<UInt8>, body: UnsafeBufferPointer<UInt8>) {
        self.head = head
        self.headBytes = headBytes
        self.body = body
    }
}
