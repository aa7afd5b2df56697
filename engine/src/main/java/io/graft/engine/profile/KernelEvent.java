package io.graft.engine.profile;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** One launch of a kernel, in a recording of the JDK Flight Recorder. Never loaded unless kernels are profiled. */
@Name("graft.Kernel")
@Label("Kernel")
@Category("Graft")
@Description("One operation of the kernels, from its dispatch until its last worker has left")
@StackTrace(false)
final class KernelEvent extends Event {

    @Label("Operation")
    String operation;

    @Label("Shape")
    String shape;

    @Label("Bytes")
    @Description("Operands read and results written, each once")
    @DataAmount
    long bytes;

    @Label("Floating-point operations")
    long flops;

    @Label("Threads")
    int threads;
}
