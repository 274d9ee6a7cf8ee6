// Sources of a target that has nothing but precompiled headers (ward_precompiled).
