// Style modules and images have types before the first build too, which is when next-env.d.ts is written.
/// <reference types="next" />
/// <reference types="next/image-types/global" />
