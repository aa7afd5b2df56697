package io.graft.merge.run;

import io.graft.engine.memory.DType;
import io.graft.merge.method.Arithmetic;
import io.graft.merge.method.Arithmetic.Stored;
import io.graft.merge.method.Reducer;
import io.graft.merge.method.Registers;
import io.graft.merge.run.TensorTask.Input;
import java.lang.foreign.MemorySegment;

/**
 * What one thread does to pieces of tensors, in its own share of the scratch: reads them as they are stored, and computes
 * block by block. For one thread.
 */
final class Pieces {

    private final InputFiles files;
    private final int piece;
    private final MemorySegment[] slots;
    private final MemorySegment output;
    private final Registers registers = new Registers();
    private long bytesRead;

    Pieces(InputFiles files, Scratch shares, MemorySegment scratch) {
        this.files = files;
        this.piece = shares.piece();
        this.slots = new MemorySegment[shares.slots()];
        for (int i = 0; i < slots.length; i++) slots[i] = scratch.asSlice(i * shares.slotBytes(), shares.slotBytes());
        this.output = scratch.asSlice(slots.length * shares.slotBytes(), shares.slotBytes());
    }

    /** {@return bytes read so far} */
    long bytesRead() { return bytesRead; }

    Registers registers() { return registers; }

    /**
     * Computes a piece, once what comes before it is known.
     *
     * @param task  the tensor
     * @param first its first element
     * @param count how many, a piece at most
     * @return the bytes, as they are stored in the output
     */
    MemorySegment compute(TensorTask task, long first, int count) {
        DType dtype = task.plan.dtype();
        Reducer reducer = task.reduction() == null ? null : task.reduction().reducer();
        read(task, first, count);
        registers.pair(dtype == DType.BF16 && areAllBf16(task));
        int width = dtype.bits() / 8;
        for (int at = 0; at < count; at += Arithmetic.BLOCK) {
            int n = Math.min(Arithmetic.BLOCK, count - at), from = at;
            Arithmetic.block(task.plan.operation(), reducer, input -> stored(task, input, from), registers, n, task.index() + first + at);
            registers.store(dtype, output, (long) width * at, n);
        }
        return output.asSlice(0, (long) width * count);
    }

    /**
     * Computes a piece and widens it to F32: the values that the output would hold.
     *
     * @param task  the tensor
     * @param first its first element
     * @param count how many, a piece at most
     * @param to    receives them as F32
     */
    void computeF32(TensorTask task, long first, int count, MemorySegment to) {
        MemorySegment stored = compute(task, first, count);
        DType dtype = task.plan.dtype();
        for (int at = 0; at < count; at += Arithmetic.BLOCK)
            registers.widen(dtype, stored, (long) dtype.bits() / 8 * at, to, 4L * at, Math.min(Arithmetic.BLOCK, count - at));
    }

    /**
     * Shows a chunk to a reducer, which keeps in the registers what it comes to.
     *
     * @param task    the tensor
     * @param reducer whose chunk
     * @param pass    its pass
     * @param chunk   the chunk's number
     * @param begin   the chunk's first element in the tensor
     */
    void reduce(TensorTask task, Reducer reducer, int pass, long chunk, long begin) {
        long end = Math.min(begin + reducer.chunk(), task.elements);
        registers.pair(areAllBf16(task));
        for (long first = begin; first < end; first += piece) {
            int count = (int) Math.min(piece, end - first);
            read(task, first, count);
            for (int at = 0; at < count; at += Arithmetic.BLOCK) {
                int from = at;
                reducer.block(pass, input -> stored(task, input, from), registers, Math.min(Arithmetic.BLOCK, count - at), task.index() + first + at);
            }
        }
    }

    private static boolean areAllBf16(TensorTask task) { return task.inputs.stream().allMatch(input -> input.dtype() == DType.BF16); }

    private void read(TensorTask task, long first, int count) {
        for (int i = 0; i < task.inputs.size(); i++) {
            Input input = task.inputs.get(i);
            if (input.stored() == null) {
                input.tensor().readF32(first, count, slots[i].asSlice(0, 4L * count));
                bytesRead += 4L * count;
            } else {
                int width = input.dtype().bits() / 8;
                files.read(input.stored().file(), input.stored().offset() + first * width, slots[i].asSlice(0, (long) width * count), input.tensor().name());
                bytesRead += (long) width * count;
            }
        }
    }

    private Stored stored(TensorTask task, int input, int at) {
        DType dtype = task.inputs.get(input).dtype();
        return new Stored(dtype, slots[input], (long) at * (dtype.bits() / 8));
    }
}
